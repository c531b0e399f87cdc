#!/bin/sh
# Assembles the guests of this folder and writes their bytes to the Swift files of the tests that run them. Needs clang, ld.lld and llvm-objcopy.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

assemble() { # name, address
  clang -target x86_64-unknown-none-elf -c "$1.S" -o "$work/$1.o"
  ld.lld -Ttext="$2" -e "$2" "$work/$1.o" -o "$work/$1.elf"
  llvm-objcopy -O binary -j .text "$work/$1.elf" "$work/$1.bin"
}
symbol() { llvm-nm "$work/$1.elf" | awk -v name="$2" '$3 == name { print "0x" toupper(substr($1, 9)) }'; }
bytes() {
  echo '  static let code: [UInt8] = ['
  od -An -v -tx1 -w16 "$work/$1.bin" | sed 's/ \(..\)/0x\1, /g; s/^/    /; s/ $//'
  echo '  ]'
}

assemble busy 0x100000
{
  echo '// Made by Tests/Guests/assemble.sh from busy.S.'
  echo
  echo '/// The program of busy.S, to be loaded and entered at 0x100000.'
  echo 'enum BusyGuest {'
  echo "  static let mapPage: UInt64 = $(symbol busy mapPage)"
  echo "  static let mainLoop: UInt64 = $(symbol busy mainLoop)"
  bytes busy
  echo '}'
} > ../OrreryMachineTests/Guests/BusyGuest.swift

assemble handover 0x100080
{
  echo '// Made by Tests/Guests/assemble.sh from handover.S.'
  echo
  echo '/// The program of handover.S, to be loaded and entered at 0x100080.'
  echo 'enum HandoverGuest {'
  echo '  static let start: UInt64 = 0x10_0080'
  bytes handover
  echo '}'
} > ../OrreryCommandsTests/Boot/HandoverGuest.swift
