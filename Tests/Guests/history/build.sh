set -e
clang -target x86_64-unknown-none-elf -ffreestanding -mno-red-zone -mgeneral-regs-only -O1 -g -Wall -Werror -c kernel.c -o kernel.o
clang -target x86_64-unknown-none-elf -c start.S -o start.o
ld.lld -T kernel.ld start.o kernel.o -o kernel.elf
