import OrreryBase
import OrreryImage
import OrreryMachine
import OrreryTrace

/// The file of a saved machine state, reader and writer together; docs/STATE_FORMAT.md says what is in it. A change of it is a new `version`.
struct StateFile {
  /// A byte outside ASCII, the name, a line feed, so that a transfer as text is noticed.
  static let magic: [UInt8] = [0x8F] + Array("OSTATE".utf8) + [0x0A]
  private static let version: UInt32 = 1
  private static let pageSize = 4096
  private static let preambleSize = 48

  /// In the order of the file.
  private enum Section: UInt32, CaseIterable {
    case revision = 1
    case settings, kernel, place, processorAndDevices, memory

    var name: String {
      switch self {
      case .revision: "machine revision"
      case .settings: "settings"
      case .kernel: "kernel"
      case .place: "place in the run"
      case .processorAndDevices: "processor and devices"
      case .memory: "memory"
      }
    }
  }

  private(set) var settings: [TraceHeader.Setting] = []
  private(set) var settingsOffset: UInt64 = 0
  private(set) var kernel: [UInt8] = []
  private(set) var kernelOffset: UInt64 = 0
  private(set) var clock: Clock = 0
  private(set) var steps: Steps = 0
  private(set) var hash = Hash128.zero
  private(set) var machine = SavedMachine(state: [], newStateSize: 0, pages: [])

  // MARK: Writing

  static func encoded(
    settings: [TraceHeader.Setting], kernel: [UInt8], machine: SavedMachine, clock: Clock, steps: Steps, hash: Hash128
  ) -> [UInt8] {
    let sections = Section.allCases.map { section -> [UInt8] in
      var writer = ByteWriter()
      switch section {
      case .revision: return Array(RunConfiguration.revision.utf8)
      case .kernel: return kernel
      case .settings:
        writer.append(varint: UInt64(settings.count))
        for setting in settings {
          writer.append(setting.key)
          writer.append(setting.value)
        }
      case .place:
        writer.append(fixed: clock)
        writer.append(fixed: steps)
        writer.append(hash)
      case .processorAndDevices:
        writer.append(varint: UInt64(machine.newStateSize))
        writer.bytes += machine.state
      case .memory: append(machine.pages, to: &writer)
      }
      return writer.bytes
    }
    let headerSize = preambleSize + 32 * sections.count
    var preamble = ByteWriter()
    preamble.bytes = magic
    preamble.append(fixed: version)
    preamble.append(fixed: UInt32(sections.count))
    preamble.append(fixed: UInt64(sections.reduce(headerSize) { $0 + $1.count }))
    preamble.append(fixed: 0 as UInt64)
    var table = ByteWriter()
    for (section, bytes) in zip(Section.allCases, sections) {
      table.append(fixed: section.rawValue)
      table.append(fixed: 0 as UInt32)
      table.append(fixed: UInt64(bytes.count))
      table.append(Hash128(of: bytes))
    }
    var hashed = ByteWriter()
    hashed.append(Hash128(of: preamble.bytes + table.bytes))
    return preamble.bytes + hashed.bytes + table.bytes + sections.joined()
  }

  /// Runs of pages that follow each other: how many frames lie between, how many pages, their bytes; no pages end the list.
  private static func append(_ pages: [SavedMachine.Page], to writer: inout ByteWriter) {
    var next: UInt64 = 0
    var index = 0
    while index < pages.count {
      var end = index + 1
      while end < pages.count, pages[end].frame == pages[end - 1].frame + 1 { end += 1 }
      writer.append(varint: pages[index].frame - next)
      writer.append(varint: UInt64(end - index))
      for page in pages[index..<end] { writer.bytes += page.bytes }
      next = pages[end - 1].frame + 1
      index = end
    }
    writer.append(varint: 0)
    writer.append(varint: 0)
  }

  // MARK: Reading

  init(_ bytes: [UInt8]) throws(ImageError) {
    var offset: UInt64 = 0
    for (section, range) in try Self.sections(of: bytes) {
      offset = UInt64(range.lowerBound)
      do throws(ByteCodingError) {
        try decode(section, bytes[range])
      } catch {
        throw ImageError(
          offset: UInt64(error.offset), problem: "the \(section.name) of the saved state: \(error.reason)",
          remedy: "save the state again with this program")
      }
      switch section {
      case .settings: settingsOffset = offset
      case .kernel: kernelOffset = offset
      default: break
      }
    }
  }

  /// The sections and where they are, after every byte agreed with its hash.
  private static func sections(of bytes: [UInt8]) throws(ImageError) -> [(Section, Range<Int>)] {
    func refusal(_ offset: Int, _ problem: String, _ remedy: String) -> ImageError {
      ImageError(offset: UInt64(offset), problem: problem, remedy: remedy)
    }
    let copyAgain = "the file is truncated or damaged: copy it again, or save the state again"
    do {
      var reader = ByteReader(bytes)
      _ = try reader.take(magic.count)
      let version: UInt32 = try reader.fixed()
      let count: UInt32 = try reader.fixed()
      let length: UInt64 = try reader.fixed()
      let reserved: UInt64 = try reader.fixed()
      let hash = try reader.hash()
      guard version == Self.version, Int(count) == Section.allCases.count else {
        throw refusal(
          magic.count,
          "the saved state has format version \(version) with \(count) sections, this program reads version \(Self.version)",
          "save the state again with this program")
      }
      let table = try reader.take(32 * Section.allCases.count)
      guard Hash128(of: Array(bytes[..<32] + table)) == hash, reserved == 0, length == UInt64(bytes.count) else {
        throw refusal(0, "the table of the saved state does not agree with its hash or with the file's size", copyAgain)
      }
      var sections: [(Section, Range<Int>)] = []
      var entries = ByteReader(table)
      for section in Section.allCases {
        let place = entries.offset
        let id: UInt32 = try entries.fixed()
        let zero: UInt32 = try entries.fixed()
        let size: UInt64 = try entries.fixed()
        let hash = try entries.hash()
        guard id == section.rawValue, zero == 0, size <= UInt64(reader.remaining) else {
          throw refusal(place, "the saved state has no \(section.name) where it should be", copyAgain)
        }
        let start = reader.offset
        guard (try reader.take(Int(size))).withUnsafeBytes({ Hash128(of: $0) }) == hash else {
          throw refusal(start, "the \(section.name) of the saved state does not agree with its hash", copyAgain)
        }
        sections.append((section, start..<start + Int(size)))
      }
      guard reader.isAtEnd else { throw refusal(reader.offset, "bytes follow the end of the saved state", copyAgain) }
      return sections
    } catch let error as ImageError {
      throw error
    } catch {
      throw refusal(bytes.count, "the saved state ends where more should follow", copyAgain)
    }
  }

  private mutating func decode(_ section: Section, _ bytes: ArraySlice<UInt8>) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    switch section {
    case .revision:
      let revision = String(decoding: try reader.take(reader.remaining), as: UTF8.self)
      guard revision == RunConfiguration.revision else {
        throw ByteCodingError(
          offset: bytes.startIndex,
          reason: "it is of machine revision \(revision), this program has \(RunConfiguration.revision)")
      }
    case .settings:
      let count = try reader.varint()
      // Every setting takes at least two bytes, so a wrong count soon meets the end of the section.
      for _ in 0..<count { settings.append(TraceHeader.Setting(try reader.text(), try reader.text())) }
    case .kernel: kernel = Array(try reader.take(reader.remaining))
    case .place:
      clock = try reader.fixed()
      steps = try reader.fixed()
      hash = try reader.hash()
    case .processorAndDevices:
      guard let size = Int(exactly: try reader.varint()) else {
        throw ByteCodingError(offset: bytes.startIndex, reason: "its size exceeds 63 bits")
      }
      machine.newStateSize = size
      machine.state = Array(try reader.take(reader.remaining))
    case .memory: try decodePages(&reader)
    }
    guard reader.isAtEnd else {
      throw ByteCodingError(offset: reader.offset, reason: "\(reader.remaining) bytes are left over")
    }
  }

  private mutating func decodePages(_ reader: inout ByteReader) throws(ByteCodingError) {
    var next: UInt64 = 0
    while true {
      let start = reader.offset
      let (gap, count) = (try reader.varint(), try reader.varint())
      if count == 0 { return }
      let (first, overflow) = next.addingReportingOverflow(gap)
      // As many pages as are announced must be there, so no count is believed.
      guard !overflow, first <= UInt64.max >> 12, count <= UInt64(reader.remaining / Self.pageSize) else {
        throw ByteCodingError(offset: start, reason: "\(count) pages are announced that are not there")
      }
      for frame in first..<first + count {
        machine.pages.append(SavedMachine.Page(frame: frame, bytes: try reader.take(Self.pageSize)))
      }
      next = first + count
    }
  }
}
