public import OrreryImage

/// What a run begins with: a kernel that is about to be booted, or a machine that was saved in the midst of another run.
public enum RunImage: Sendable {
  case kernel(KernelImage)
  case state(SavedState)

  /// Reads either, by how the bytes begin.
  public init(bytes: [UInt8]) throws(ImageError) {
    if SavedState.isSavedState(bytes) {
      self = .state(try SavedState(bytes: bytes))
    } else {
      self = .kernel(try KernelImage(bytes: bytes))
    }
  }

  /// The file.
  public var bytes: [UInt8] {
    switch self {
    case .kernel(let kernel): kernel.bytes
    case .state(let state): state.bytes
    }
  }

  /// The kernel that is booted, or was.
  public var kernel: KernelImage {
    switch self {
    case .kernel(let kernel): kernel
    case .state(let state): state.kernel
    }
  }
}
