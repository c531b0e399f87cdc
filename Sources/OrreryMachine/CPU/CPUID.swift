/// CPUID: what the machine is and has, the same on every host (docs/MACHINE.md lists it).
extension CPU {
  /// “OrreryOrrery”, four bytes each in ebx, edx, ecx.
  private static let vendor: (ebx: UInt32, edx: UInt32, ecx: UInt32) = (0x6572_724F, 0x724F_7972, 0x7972_6572)
  /// “Orrery PC, revision 1”, padded to 48 bytes with zeros.
  private static let brand: [UInt32] = {
    var bytes = Array("Orrery PC, revision 1".utf8)
    bytes += repeatElement(0, count: 48 - bytes.count)
    return stride(from: 0, to: 48, by: 4).map { index in
      (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32($1 * 8) }
    }
  }()

  /// eax and ecx choose; eax, ebx, ecx, edx are set.
  func cpuid() {
    let (eax, ebx, ecx, edx) = identification(UInt32(truncatingIfNeeded: pointee.gpr[0]))
    pointee.gpr[0] = UInt64(eax)
    pointee.gpr[3] = UInt64(ebx)
    pointee.gpr[1] = UInt64(ecx)
    pointee.gpr[2] = UInt64(edx)
  }

  private func identification(_ leaf: UInt32) -> (UInt32, UInt32, UInt32, UInt32) {
    switch leaf {
    case 0: return (1, Self.vendor.ebx, Self.vendor.ecx, Self.vendor.edx)
    case 1:
      // Family 6, model 15, stepping 1. One processor, cache lines of 64 bytes.
      return (0x0000_06F1, 0x0001_0800, featureBits(CPUFeature.leaf1ECX), featureBits(CPUFeature.leaf1EDX))
    case 0x8000_0000: return (0x8000_0008, Self.vendor.ebx, Self.vendor.ecx, Self.vendor.edx)
    case 0x8000_0001:
      return (0, 0, featureBits(CPUFeature.extendedECX), featureBits(CPUFeature.extendedEDX))
    case 0x8000_0002...0x8000_0004:
      let first = Int(leaf - 0x8000_0002) * 4
      return (Self.brand[first], Self.brand[first + 1], Self.brand[first + 2], Self.brand[first + 3])
    case 0x8000_0007: return (0, 0, 0, 1 << 8)  // The time-stamp counter runs at one rate, in HLT too.
    case 0x8000_0008: return (UInt32(PageEntry.physicalAddressBits) | 48 << 8, 0, 0, 0)
    default: return (0, 0, 0, 0)
    }
  }

  private func featureBits(_ bits: [UInt32]) -> UInt32 { bits.reduce(0) { $0 | 1 << $1 } }
}

/// The feature bits that are offered (Intel SDM volume 2, CPUID, tables 3-10 and 3-11).
private enum CPUFeature {
  /// SSE3 and later vector extensions are not among them. CMPXCHG16B 13, POPCNT 23.
  static let leaf1ECX: [UInt32] = [13, 23]
  /// FPU 0, DE 2, PSE 3, TSC 4, MSR 5, PAE 6, CX8 8, SEP 11, PGE 13, CMOV 15, PAT 16, CLFSH 19, MMX 23, FXSR 24, SSE 25, SSE2 26.
  static let leaf1EDX: [UInt32] = [0, 2, 3, 4, 5, 6, 8, 11, 13, 15, 16, 19, 23, 24, 25, 26]
  /// LAHF and SAHF in 64-bit mode 0.
  static let extendedECX: [UInt32] = [0]
  /// SYSCALL 11, NX 20, 1 GiB pages 26, RDTSCP 27, long mode 29.
  static let extendedEDX: [UInt32] = [11, 20, 26, 27, 29]
}
