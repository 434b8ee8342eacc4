# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in MessagePack, as the state in a snapshot has them: https://github.com/msgpack/msgpack/blob/master/spec.md"""

from __future__ import annotations

import struct
import typing as t

#: Numbers by the byte before them, as L(struct) reads them.
NUMBER_LAYOUTS = dict(zip(range(0xCA, 0xD4), (">f", ">d", ">B", ">H", ">I", ">Q", ">b", ">h", ">i", ">q")))
#: Bytes by the byte before them, with how their length is written: binary ones, and texts.
BYTES = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
ARRAYS = {0xDC: ">H", 0xDD: ">I"}
MAPS = {0xDE: ">H", 0xDF: ">I"}
#: Extensions, with a byte for their type before the bytes: those that write their length, and those of one length.
EXTENSIONS = {0xC7: ">B", 0xC8: ">H", 0xC9: ">I"}
FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class Unpacker:
    """Reads one value after the other. Texts are bytes, since old encoders tell them from no binary."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, length: int) -> bytes:
        """Take the next bytes.

        :raises ValueError: there are not as many
        """
        end = self.position + length
        if end > len(self.data):
            raise ValueError("the data ends in the middle of a value")
        taken, self.position = self.data[self.position : end], end
        return taken

    def value(self) -> t.Any:
        """Take the next value.

        :raises ValueError: it is none
        """
        first = self.take(1)[0]
        if first < 0x80 or first >= 0xE0:
            return first if first < 0x80 else first - 0x100
        if first < 0xC0:
            if first < 0x90:
                return self._map(first & 0x0F)
            return self._array(first & 0x0F) if first < 0xA0 else self.take(first & 0x1F)
        if first in CONSTANTS:
            return CONSTANTS[first]
        if first in NUMBER_LAYOUTS:
            return self._number(NUMBER_LAYOUTS[first])
        if first in BYTES:
            return self.take(self._number(BYTES[first]))
        if first in ARRAYS:
            return self._array(self._number(ARRAYS[first]))
        if first in MAPS:
            return self._map(self._number(MAPS[first]))
        if first in EXTENSIONS or first in FIXED_EXTENSIONS:
            length = FIXED_EXTENSIONS.get(first) or self._number(EXTENSIONS[first])
            return self.take(1 + length)
        raise ValueError(f"no value begins with the byte {first:#x}")

    def _number(self, layout: str) -> t.Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def _array(self, length: int) -> list[t.Any]:
        return [self.value() for _item in range(length)]

    def _map(self, length: int) -> dict[bytes, t.Any]:
        found = {}
        for _item in range(length):
            key = self.value()
            if not isinstance(key, bytes):
                raise ValueError("a key is no text")
            found[key] = self.value()
        return found
