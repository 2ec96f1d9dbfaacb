#!/usr/bin/env python3
"""Writes srtp_vectors.txt: packets protected by libsrtp, for srtp_agrees_with_libsrtp.rs.

Needs `pip install pylibsrtp`; run it in this folder. The tests need only the text file.
Each `profile` line (name, master key and salt) begins a fresh session; each packet line
holds kind, plain packet and protected packet. libsrtp numbers SRTCP packets from 1.
"""

import hashlib
import struct

from pylibsrtp import Policy, Session, ffi

# SRTP_AES_ICM_256 and its key length with salt. pylibsrtp names no AES-256 counter mode,
# so the first two fields of its policies (cipher type, cipher key length) are set directly.
AES_ICM_256, AES_ICM_256_KEY = 5, 46

PROFILES = [
    ("Aes128CmSha1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30, False),
    ("Aes128CmSha1_32", Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30, False),
    ("Aes256CmSha1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 46, True),
    ("Aes256CmSha1_32", Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 46, True),
    ("Aes128Gcm", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28, False),
    ("Aes256Gcm", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44, False),
]
SSRC = 0xCAFEBABE


def noise(label, size):
    return hashlib.shake_256(label.encode()).digest(size)


def rtp(seq, payload, ssrc=SSRC, marker=0, csrc=(), extension=None, padding=0):
    first = 0x80 | (0x20 if padding else 0) | (0x10 if extension else 0) | len(csrc)
    head = struct.pack("!BBHLL", first, marker << 7 | 111, seq & 0xFFFF, seq * 960, ssrc)
    head += b"".join(struct.pack("!L", source) for source in csrc)
    if extension:
        head += struct.pack("!HH", 0xBEDE, len(extension) // 4) + extension
    if padding:
        payload += bytes(padding - 1) + bytes([padding])
    return head + payload


def rtcp():
    report = struct.pack("!BBHL", 0x80, 200, 6, SSRC) + noise("sender info", 20)
    return report + struct.pack("!BBHLBB6sxxxx", 0x81, 202, 4, SSRC, 1, 6, b"cname1")


def packets():
    yield "rtp", rtp(1, noise("opus", 160), marker=1)
    yield "rtp", rtp(2, b"")
    yield "rtp", rtp(3, noise("a", 21), csrc=(1, 2, 3))
    yield "rtp", rtp(4, noise("b", 33), csrc=(7,), extension=bytes(range(12)))
    yield "rtp", rtp(5, noise("c", 15), extension=b"\x10\xff\x00\x00", padding=4)
    yield "rtcp", rtcp()
    yield "rtcp", struct.pack("!BBHL", 0x80, 201, 1, SSRC)
    # A second source, over its roll-over, with late packets on both sides of it.
    for seq in (32000, 64000, 65533, 65535, 65536, 65534, 65538, 65537, 98000, 130000, 131071, 131072):
        yield "rtp", rtp(seq, noise(str(seq), 20), ssrc=0x01020304)
    yield "rtcp", rtcp()
    yield "rtp", rtp(6, noise("d", 16))


with open("srtp_vectors.txt", "w") as out:
    out.write("# By srtp_vectors.py with libsrtp.\n")
    for name, profile, size, long_counter in PROFILES:
        key = noise(name, size)
        policy = Policy(srtp_profile=profile, key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND)
        if long_counter:
            for part in ("rtp", "rtcp"):
                field = ffi.addressof(policy._policy, part)
                ffi.buffer(ffi.cast("char *", field), 8)[:] = struct.pack(
                    "=Ii", AES_ICM_256, AES_ICM_256_KEY
                )
        session = Session(policy)
        out.write(f"profile {name} {key.hex()}\n")
        for kind, plain in packets():
            protect = session.protect if kind == "rtp" else session.protect_rtcp
            out.write(f"{kind} {plain.hex()} {protect(plain).hex()}\n")
