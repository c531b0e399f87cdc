internal import OrreryBase

/// Where the address fields of a Multiboot header want the file loaded; they count before those of an ELF header.
struct AddressedLoad {
  /// One segment, from the beginning of the text on.
  let segment: Segment

  /// Reads the four addresses from `fields` on: of the header, of the beginning of the load, of its end, of the end of what is zeroed.
  ///
  /// - Parameters:
  ///   - fields: where the first of the four stands in the file.
  ///   - header: where the Multiboot header itself stands.
  ///   - allowsWholeFile: whether a load address of all ones stands for the beginning of the file.
  init(_ reader: ImageReader, fields: Int, header: Int, allowsWholeFile: Bool) throws(ImageError) {
    let headerAddress = reader.field(UInt32.self, at: fields)
    var loadAddress = reader.field(UInt32.self, at: fields + 4)
    let loadEnd = reader.field(UInt32.self, at: fields + 8)
    let zeroedEnd = reader.field(UInt32.self, at: fields + 12)
    let remedy = "check the address fields in the source of the Multiboot header"
    if allowsWholeFile, loadAddress == .max {
      guard UInt64(headerAddress) >= UInt64(header) else {
        throw ImageError(
          offset: UInt64(fields),
          problem: "the Multiboot header should be at \(hexadecimal(headerAddress)), below its offset in the file",
          remedy: remedy)
      }
      loadAddress = headerAddress - UInt32(header)
    }
    guard loadAddress <= headerAddress, Int(headerAddress - loadAddress) <= header else {
      throw ImageError(
        offset: UInt64(fields + 4),
        problem:
          "loading from \(hexadecimal(loadAddress)) for a Multiboot header at \(hexadecimal(headerAddress)) would begin outside the file",
        remedy: remedy)
    }
    let start = header - Int(headerAddress - loadAddress)
    let available = reader.bytes.count - start
    var count = available
    if loadEnd != 0 {
      guard loadEnd > loadAddress else {
        throw ImageError(
          offset: UInt64(fields + 8),
          problem: "the load ends at \(hexadecimal(loadEnd)), not after its beginning \(hexadecimal(loadAddress))",
          remedy: remedy)
      }
      count = Int(loadEnd - loadAddress)
      guard count <= available else {
        throw ImageError(
          offset: UInt64(fields + 8),
          problem:
            "\(count) bytes should be loaded from offset \(hexadecimal(start)), but the file has \(available) there",
          remedy: "the file is truncated or damaged: build or copy it again")
      }
    }
    var size = UInt64(count)
    if zeroedEnd != 0 {
      guard UInt64(zeroedEnd) >= UInt64(loadAddress) + size else {
        throw ImageError(
          offset: UInt64(fields + 12),
          problem:
            "what is zeroed ends at \(hexadecimal(zeroedEnd)), before the load does at \(hexadecimal(UInt64(loadAddress) + size))",
          remedy: remedy)
      }
      size = UInt64(zeroedEnd - loadAddress)
    }
    segment = Segment(
      physicalAddress: PhysicalAddress(UInt64(loadAddress)), linearAddress: LinearAddress(UInt64(loadAddress)),
      fileRange: start..<start + count, memorySize: size, addressField: UInt64(fields + 4))
  }
}

/// An entry point that a Multiboot header names, and where in the file it does.
struct NamedEntry {
  let address: UInt32
  let field: UInt64
}
