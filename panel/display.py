"""Can a window be opened here, and if not, why: asked before Qt is, because Qt ends the process where it cannot.

Owns nothing; it looks at the environment and at the system's libraries.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

QT_LIBRARIES = (
    "libglib-2.0.so.0",
    "libEGL.so.1",
    "libGL.so.1",
    "libfontconfig.so.1",
    "libxkbcommon.so.0",
    "libdbus-1.so.3",
)
XCB_LIBRARIES = (
    "libxkbcommon-x11.so.0",
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-xkb.so.1",
)
DEBIAN = (
    "libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-xkb1"
)
FEDORA = (
    "mesa-libEGL mesa-libGL glib2 fontconfig dbus-libs libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-image "
    "xcb-util-keysyms xcb-util-renderutil"
)


def why_no_window(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str | None:
    """One sentence that says why no window can be opened, or None."""
    if not platform.startswith("linux"):
        return None
    chosen = environ.get("QT_QPA_PLATFORM", "")
    display, wayland = environ.get("DISPLAY", ""), environ.get("WAYLAND_DISPLAY", "")
    if not (chosen or display or wayland):
        return "There is no display."
    needs_x = chosen.startswith("xcb") or (not chosen and not wayland)
    missing = [name for name in QT_LIBRARIES + (XCB_LIBRARIES if needs_x else ()) if not _loads(name)]
    if missing:
        return (
            f"Qt needs system libraries that are missing ({', '.join(missing)}). "
            f"Debian and Ubuntu: apt install {DEBIAN}. Fedora: dnf install {FEDORA}."
        )
    if needs_x and not _x_answers(display):
        return f"The display {display or '(none)'} does not answer."
    return None


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _x_answers(display: str) -> bool:
    # Qt aborts the process when it cannot connect, so the X library is asked first.
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(os.fsencode(display) or None, None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed
