"""The contents of a macOS bundle, as text and property lists.

By Apple's Bundle Programming Guide, Information Property List Key Reference and launchd.plist(5).
"""

import plistlib
import shlex
from typing import Any

from wesktop.entries.entry import Entry
from wesktop.entries.file_types import extensions_of
from wesktop.entries.names import bundle_id

ICON = "icon.icns"
LAUNCHER = "launch"

# Links and files reach a program as Apple events, of which a shell script knows nothing. So what opens them is an
# applet of this fixed script: it runs the launcher with them as arguments, each quoted.
APPLET = """\
on run
	my startProgram({})
end run

on open location theURL
	my startProgram({theURL})
end open location

on open theFiles
	set thePaths to {}
	repeat with theFile in theFiles
		set end of thePaths to POSIX path of theFile
	end repeat
	my startProgram(thePaths)
end open

on startProgram(theArguments)
	set theCommand to quoted form of (POSIX path of (path to me) & "Contents/Resources/launch")
	repeat with theArgument in theArguments
		set theCommand to theCommand & " " & quoted form of (contents of theArgument)
	end repeat
	do shell script theCommand & " > /dev/null 2>&1 &"
end startProgram
"""


def info(entry: Entry) -> dict[str, Any]:
    """The bundle's ``Info.plist``; that of an applet keeps the compiler's own keys."""
    properties = {
        "CFBundleDisplayName": entry.name,
        "CFBundleIdentifier": bundle_id(entry.id),
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleName": entry.name,
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": "1.0",
        "CFBundleVersion": "1",
        "NSHighResolutionCapable": True,
    }
    if not entry.opens:
        properties["CFBundleExecutable"] = LAUNCHER
    else:
        properties["LSUIElement"] = True  # the applet ends immediately: the Dock shows the program alone
    if entry.icon is not None:
        properties["CFBundleIconFile"] = ICON
    if entry.comment:
        properties["CFBundleGetInfoString"] = entry.comment
    if entry.url_schemes:
        properties["CFBundleURLTypes"] = [_url_type(entry)]
    if entry.mime_types:
        properties["CFBundleDocumentTypes"] = [_document_type(entry)]
    return properties


def launcher(entry: Entry) -> str:
    """The shell script that is started: it becomes the program, and gives it what is opened.

    The second line keeps it above 28 bytes, below which macOS starts no script.
    """
    directory = f"cd {shlex.quote(str(entry.working_dir))} || exit\n" if entry.working_dir else ""
    opened = ' "$@"' if entry.opens else ""
    return f"#!/bin/sh\n# Made by wesktop.\n{directory}exec {shlex.join(entry.arguments)}{opened}\n"


def agent_label(entry: Entry) -> str:
    """The name of the agent that starts the program at login."""
    return f"{bundle_id(entry.id)}.autostart"


def agent(entry: Entry) -> bytes:
    """The property list of that agent: started once, at a graphical login."""
    directory = {"WorkingDirectory": str(entry.working_dir)} if entry.working_dir else {}
    return plistlib.dumps(
        {
            "Label": agent_label(entry),
            "ProgramArguments": [*entry.arguments],
            "RunAtLoad": True,
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
            "AssociatedBundleIdentifiers": [bundle_id(entry.id)],
            **directory,
        }
    )


def _url_type(entry: Entry) -> dict[str, Any]:
    return {
        "CFBundleURLName": bundle_id(entry.id),
        "CFBundleURLSchemes": [*entry.url_schemes],
        "CFBundleTypeRole": "Viewer",
    }


def _document_type(entry: Entry) -> dict[str, Any]:
    extensions = [name.removeprefix(".") for kind in entry.mime_types for name in extensions_of(kind)]
    return {
        "CFBundleTypeName": entry.name,
        "CFBundleTypeRole": "Viewer",
        "LSHandlerRank": "Alternate",  # offered in addition to the user's choice, not in its place
        "CFBundleTypeMIMETypes": [*entry.mime_types],
        "CFBundleTypeExtensions": extensions,
    }
