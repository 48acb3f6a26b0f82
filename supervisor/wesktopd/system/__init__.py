"""The operating system behind one contract: the only room that knows which system this is.

* start a child with its channel: `start_child`, `start_worker`, `ChildProcess`, `fill_standard_descriptors`
* the channel: `inherit_channel`, `send_message`, `read_line`, `read_lines`
* the listening socket: `hand_over_listener`, `take_over_listener`, `socket_holder_arguments`
* stop accepting: `Gate`, `answered`
* a child's output and end: `ChildOutput`, `call_on_exit`, `leave_no_zombies`
* lock: `Lock`
* process identity: `Identity`, `identify`, `Usage`, `usage`, `boot_id`, `kill_process`
* private directories and files: `private_dir`, `open_private`, `read_private`, `open_file`, `resolve`, `owner`,
  `relying_on`, `relied_on`, `is_root`, `is_this_user`, `NotPrivateError`, and their modes
* where sockets and locks may be: `runtime_directories`, `MAX_SOCKET_PATH`, `RESOLVES_LOCALHOST_NAMES`
* signals: `StopSignals`, `Stoppable`, `signal_name`, `describe_exit`; a worker's: `on_terminate`,
  `dump_stacks_on_request`, `request_stack_dump`
* descriptors: `raise_descriptor_limit`, `send_descriptors`, `receive_descriptors`, `replace_descriptor`,
  `replace_with_null`, `withhold`
* the control socket: the module `control_socket`, and `is_trusted_peer`
* the service manager: the module `service_manager`; `SOCKETS`, `activated_sockets`

Each name is documented where it is implemented, in the package `posix`; another system's is a package next to it with
the same modules. A module is loaded when one of its names is first used. `atomic_files`,
`listening_socket` and `standstill` are the same on all systems. May import `errors`, `limits` and `wire`.
"""

TYPE_CHECKING = False  # as type checkers know it: a window waits for this module
if TYPE_CHECKING:
    from wesktopd.system.posix import control_socket as control_socket
    from wesktopd.system.posix import service_manager as service_manager
    from wesktopd.system.posix.channel import hand_over_listener as hand_over_listener
    from wesktopd.system.posix.channel import inherit_channel as inherit_channel
    from wesktopd.system.posix.channel import read_line as read_line
    from wesktopd.system.posix.channel import read_lines as read_lines
    from wesktopd.system.posix.channel import send_message as send_message
    from wesktopd.system.posix.channel import take_over_listener as take_over_listener
    from wesktopd.system.posix.child_exit import call_on_exit as call_on_exit
    from wesktopd.system.posix.child_exit import leave_no_zombies as leave_no_zombies
    from wesktopd.system.posix.child_output import ChildOutput as ChildOutput
    from wesktopd.system.posix.children import ChildProcess as ChildProcess
    from wesktopd.system.posix.children import fill_standard_descriptors as fill_standard_descriptors
    from wesktopd.system.posix.children import start_child as start_child
    from wesktopd.system.posix.children import start_worker as start_worker
    from wesktopd.system.posix.descriptors import raise_descriptor_limit as raise_descriptor_limit
    from wesktopd.system.posix.descriptors import receive_descriptors as receive_descriptors
    from wesktopd.system.posix.descriptors import replace_descriptor as replace_descriptor
    from wesktopd.system.posix.descriptors import replace_with_null as replace_with_null
    from wesktopd.system.posix.descriptors import send_descriptors as send_descriptors
    from wesktopd.system.posix.forked import withhold as withhold
    from wesktopd.system.posix.launchd_sockets import SOCKETS as SOCKETS
    from wesktopd.system.posix.launchd_sockets import activated_sockets as activated_sockets
    from wesktopd.system.posix.listening_socket import RESOLVES_LOCALHOST_NAMES as RESOLVES_LOCALHOST_NAMES
    from wesktopd.system.posix.listening_socket import socket_holder_arguments as socket_holder_arguments
    from wesktopd.system.posix.lock import Lock as Lock
    from wesktopd.system.posix.peers import is_trusted_peer as is_trusted_peer
    from wesktopd.system.posix.private_files import DIRECTORY as DIRECTORY
    from wesktopd.system.posix.private_files import FILE_MODE as FILE_MODE
    from wesktopd.system.posix.private_files import OTHERS_WRITE as OTHERS_WRITE
    from wesktopd.system.posix.private_files import ROOT as ROOT
    from wesktopd.system.posix.private_files import SAFELY as SAFELY
    from wesktopd.system.posix.private_files import NotPrivateError as NotPrivateError
    from wesktopd.system.posix.private_files import is_root as is_root
    from wesktopd.system.posix.private_files import is_this_user as is_this_user
    from wesktopd.system.posix.private_files import open_file as open_file
    from wesktopd.system.posix.private_files import open_private as open_private
    from wesktopd.system.posix.private_files import owner as owner
    from wesktopd.system.posix.private_files import private_dir as private_dir
    from wesktopd.system.posix.private_files import read_private as read_private
    from wesktopd.system.posix.private_files import relied_on as relied_on
    from wesktopd.system.posix.private_files import relying_on as relying_on
    from wesktopd.system.posix.private_files import resolve as resolve
    from wesktopd.system.posix.process_identity import Identity as Identity
    from wesktopd.system.posix.process_identity import Usage as Usage
    from wesktopd.system.posix.process_identity import boot_id as boot_id
    from wesktopd.system.posix.process_identity import identify as identify
    from wesktopd.system.posix.process_identity import kill_process as kill_process
    from wesktopd.system.posix.process_identity import usage as usage
    from wesktopd.system.posix.runtime_directories import MAX_SOCKET_PATH as MAX_SOCKET_PATH
    from wesktopd.system.posix.runtime_directories import runtime_directories as runtime_directories
    from wesktopd.system.posix.stop_accepting import Gate as Gate
    from wesktopd.system.posix.stop_accepting import answered as answered
    from wesktopd.system.posix.stop_signals import Stoppable as Stoppable
    from wesktopd.system.posix.stop_signals import StopSignals as StopSignals
    from wesktopd.system.posix.stop_signals import describe_exit as describe_exit
    from wesktopd.system.posix.stop_signals import signal_name as signal_name
    from wesktopd.system.posix.worker_signals import dump_stacks_on_request as dump_stacks_on_request
    from wesktopd.system.posix.worker_signals import on_terminate as on_terminate
    from wesktopd.system.posix.worker_signals import request_stack_dump as request_stack_dump

_IMPLEMENTATION = "wesktopd.system.posix"
_MODULES = ("control_socket", "service_manager")
_NAMES = {
    "children": "ChildProcess start_child start_worker fill_standard_descriptors",
    "channel": "inherit_channel send_message hand_over_listener take_over_listener read_line read_lines",
    "listening_socket": "socket_holder_arguments RESOLVES_LOCALHOST_NAMES",
    "stop_accepting": "Gate answered",
    "child_output": "ChildOutput",
    "child_exit": "call_on_exit leave_no_zombies",
    "lock": "Lock",
    "process_identity": "Identity Usage identify usage boot_id kill_process",
    "private_files": (
        "NotPrivateError private_dir resolve open_file open_private read_private relying_on relied_on owner is_root "
        "is_this_user ROOT FILE_MODE OTHERS_WRITE SAFELY DIRECTORY"
    ),
    "runtime_directories": "runtime_directories MAX_SOCKET_PATH",
    "stop_signals": "StopSignals Stoppable signal_name describe_exit",
    "worker_signals": "on_terminate dump_stacks_on_request request_stack_dump",
    "descriptors": (
        "raise_descriptor_limit send_descriptors receive_descriptors replace_descriptor replace_with_null"
    ),
    "forked": "withhold",
    "peers": "is_trusted_peer",
    "launchd_sockets": "SOCKETS activated_sockets",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _HOMES and name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{_IMPLEMENTATION}.{_HOMES.get(name, name)}")
    value: object = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_HOMES})
