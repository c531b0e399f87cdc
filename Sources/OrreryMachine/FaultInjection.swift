internal import OrreryBase

extension CPU {
  /// Turns a bit over, at a boundary. A bit that this machine does not have stays as it is.
  ///
  /// In memory it is as if someone had stored there: code decoded from the byte and translations made from it are made anew.
  func flip(_ bit: FlippableBit) {
    guard bit.exists else { return }
    switch bit {
    case .register(.rip, let bit): pointee.rip ^= 1 << UInt64(bit)
    case .register(.rflags, let bit): setFlags(flags ^ 1 << UInt64(bit))
    case .register(.cr2, let bit): pointee.cr2 ^= 1 << UInt64(bit)
    case .register(let register, let bit):
      let number = Int(register.rawValue)
      if number < 16 {
        pointee.gpr[number] ^= 1 << UInt64(bit)
      } else if bit < 64 {
        pointee.xmm[number - 32].x ^= 1 << UInt64(bit)
      } else {
        pointee.xmm[number - 32].y ^= 1 << UInt64(bit - 64)
      }
    case .memory(let address, let bit):
      guard pointee.memory.pointee.isRAM(address.rawValue >> 12), let byte = loadPhysical(address.rawValue, size: 1)
      else { return }
      _ = storePhysical(address.rawValue, byte ^ 1 << UInt64(bit), size: 1)
    }
  }
}
