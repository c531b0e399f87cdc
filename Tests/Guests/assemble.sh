#!/bin/sh
# Assembles busy.S and writes its bytes, linked at 0x100000, to OrreryMachineTests/Guests/BusyGuest.swift. Needs clang, ld.lld and llvm-objcopy.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
clang -target x86_64-unknown-none-elf -c busy.S -o "$work/busy.o"
ld.lld -Ttext=0x100000 -e 0x100000 "$work/busy.o" -o "$work/busy.elf"
llvm-objcopy -O binary -j .text "$work/busy.elf" "$work/busy.bin"
symbol() { llvm-nm "$work/busy.elf" | awk -v name="$1" '$3 == name { print "0x" toupper(substr($1, 9)) }'; }
{
  echo '// Made by Tests/Guests/assemble.sh from busy.S.'
  echo
  echo '/// The program of busy.S, to be loaded and entered at 0x100000.'
  echo 'enum BusyGuest {'
  echo "  static let mapPage: UInt64 = $(symbol mapPage)"
  echo "  static let mainLoop: UInt64 = $(symbol mainLoop)"
  echo '  static let code: [UInt8] = ['
  od -An -v -tx1 -w16 "$work/busy.bin" | sed 's/ \(..\)/0x\1, /g; s/^/    /; s/ $//'
  echo '  ]'
  echo '}'
} > ../OrreryMachineTests/Guests/BusyGuest.swift
