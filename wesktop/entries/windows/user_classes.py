r"""The registry below ``HKEY_CURRENT_USER\Software\Classes``, by winreg. Has not been run on Windows."""

import contextlib
import sys

from wesktop.entries.windows.registry import ROOT

if sys.platform == "win32":
    import winreg

    class UserClasses:
        """See `wesktop.entries.windows.registry.Registry`."""

        def has(self, key: str) -> bool:
            try:
                winreg.CloseKey(winreg.OpenKey(winreg.HKEY_CURRENT_USER, _path(key)))
            except FileNotFoundError:
                return False
            return True

        def read(self, key: str, name: str) -> str | None:
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _path(key)) as opened:
                    return str(winreg.QueryValueEx(opened, name)[0])
            except FileNotFoundError:
                return None

        def write(self, key: str, name: str, data: str) -> None:
            with _writable(key) as opened:
                winreg.SetValueEx(opened, name, 0, winreg.REG_SZ, data)

        def forget(self, key: str, name: str) -> None:
            with contextlib.suppress(FileNotFoundError), _writable(key) as opened:
                winreg.DeleteValue(opened, name)

        def make(self, key: str) -> None:
            winreg.CloseKey(winreg.CreateKey(winreg.HKEY_CURRENT_USER, _path(key)))

        def remove_empty(self, key: str) -> bool:
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _path(key)) as opened:
                    keys, values, _ = winreg.QueryInfoKey(opened)
            except FileNotFoundError:
                return False
            if keys or values:
                return False
            winreg.DeleteKey(winreg.HKEY_CURRENT_USER, _path(key))
            return True

    def _path(key: str) -> str:
        return rf"{ROOT}\{key}"

    def _writable(key: str) -> winreg.HKEYType:
        return winreg.OpenKey(winreg.HKEY_CURRENT_USER, _path(key), 0, winreg.KEY_SET_VALUE)
