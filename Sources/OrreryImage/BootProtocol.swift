/// The ways in which an image can be entered.
public enum BootProtocol: String, CaseIterable, Hashable, Sendable {
  /// By the entry that a Xen note names (PVH), as QEMU's `-kernel` enters it.
  case pvh
  /// The Multiboot Specification, version 2.
  case multiboot2
  /// The Multiboot Specification, version 0.6.96, which is called Multiboot 1.
  case multiboot
}

extension KernelImage {
  /// The protocols that the image offers, the one to be preferred first.
  public var protocols: [BootProtocol] {
    BootProtocol.allCases.filter { bootProtocol in
      switch bootProtocol {
      case .pvh: pvhEntry != nil
      case .multiboot2: multiboot2 != nil
      case .multiboot: multiboot != nil
      }
    }
  }

  /// The first of the protocols that the image offers.
  public func preferredProtocol() throws(ImageError) -> BootProtocol {
    guard let first = protocols.first else {
      throw ImageError(
        offset: 0,
        problem:
          "the image has no PVH note (type \(PVHNote.type), name Xen) and no Multiboot header, so no known way to enter it",
        remedy:
          "add the note that names the 32-bit entry and keep its section in a PT_NOTE segment, or put a Multiboot header at its beginning"
      )
    }
    return first
  }

  /// The plan to enter the image by `bootProtocol` in a machine of `memorySize` bytes.
  ///
  /// - Parameter commandLine: without its terminating zero.
  /// - Throws: `ImageError` when the image does not offer the protocol or asks for what cannot be given, or when memory has no room for all.
  public func plan(
    for bootProtocol: BootProtocol, memorySize: UInt64, commandLine: [UInt8], modules: [BootModule] = []
  ) throws(ImageError) -> BootPlan {
    let request = BootRequest(memorySize: memorySize, commandLine: commandLine, modules: modules)
    switch bootProtocol {
    case .pvh: return try pvhPlan(request)
    case .multiboot: return try multibootPlan(request)
    case .multiboot2: return try multiboot2Plan(request)
    }
  }
}
