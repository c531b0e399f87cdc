import OrreryBase

/// What stands at the very start of a trace: where each part of the header is, and its hash.
struct HeaderTable {
  struct Section {
    var id: UInt32
    var offset: UInt64
    var length: UInt64
    var hash: Hash128
  }

  /// The bytes before the first chunk.
  var length: UInt64
  var sections: [Section]
  /// The hash of the table, which through the sections' hashes stands for the whole header.
  var hash: Hash128
}

/// The parts of a header, in the order in which they are written.
package enum HeaderSection: UInt32, CaseIterable, Sendable {
  case revision = 1
  case configuration = 2
  case recording = 3
  case image = 4
  case scenarioName = 5
  case scenario = 6
  /// Only there when a run has modules.
  case modules = 7

  package var name: String {
    switch self {
    case .revision: "machine revision"
    case .configuration: "configuration"
    case .recording: "recorded lanes"
    case .image: "image"
    case .scenarioName: "scenario name"
    case .scenario: "scenario"
    case .modules: "modules"
    }
  }
}

extension TraceHeader {
  /// The sections that a header with this content has.
  private var sections: [HeaderSection] { HeaderSection.allCases.filter { $0 != .modules || !modules.isEmpty } }

  /// Where the table of sections ends.
  var tableEnd: Int { TraceFormat.preambleSize + TraceFormat.sectionEntrySize * sections.count }

  /// The header as it is written.
  func encoded() -> [UInt8] {
    let sections = self.sections.map { ($0, encoded($0)) }
    let tableSize = TraceFormat.sectionEntrySize * sections.count
    let length = sections.reduce(TraceFormat.preambleSize + tableSize) { $0 + $1.1.count }

    var table = ByteWriter()
    table.bytes = TraceFormat.magic
    table.append(fixed: modules.isEmpty ? TraceFormat.version : TraceFormat.versionWithModules)
    table.append(fixed: UInt32(sections.count))
    table.append(fixed: UInt64(length))
    table.append(fixed: UInt64(0))
    let preamble = table.bytes
    for (section, bytes) in sections {
      table.append(fixed: section.rawValue)
      table.append(fixed: UInt32(0))
      table.append(fixed: UInt64(bytes.count))
      table.append(Hash128(of: bytes))
    }

    var result = ByteWriter()
    result.bytes.reserveCapacity(length)
    result.bytes = preamble
    result.append(Hash128(of: table.bytes))
    result.bytes += table.bytes[preamble.count...]
    for (_, bytes) in sections { result.bytes += bytes }
    return result.bytes
  }

  private func encoded(_ section: HeaderSection) -> [UInt8] {
    switch section {
    case .revision: return Array(revision.utf8)
    case .image: return image
    case .scenarioName: return Array(scenarioName.utf8)
    case .scenario: return Array(scenario.utf8)
    case .configuration:
      var writer = ByteWriter()
      writer.append(varint: UInt64(configuration.count))
      for setting in configuration {
        writer.append(setting.key)
        writer.append(setting.value)
      }
      return writer.bytes
    case .recording:
      var writer = ByteWriter()
      writer.append(fixed: lanes.rawValue)
      writer.append(varint: stateInterval)
      return writer.bytes
    case .modules:
      var writer = ByteWriter()
      writer.append(varint: UInt64(modules.count))
      for module in modules {
        writer.append(counted: module.string)
        writer.append(counted: module.bytes)
      }
      return writer.bytes
    }
  }

  /// Takes over the value of one section.
  mutating func decode(_ section: HeaderSection, _ bytes: [UInt8]) throws(ByteCodingError) {
    switch section {
    case .revision: revision = try HeaderTable.text(bytes)
    case .image: image = bytes
    case .scenarioName: scenarioName = try HeaderTable.text(bytes)
    case .scenario: scenario = try HeaderTable.text(bytes)
    case .configuration:
      var reader = ByteReader(bytes)
      let count = try reader.varint()
      configuration = []
      // Every setting takes at least two bytes, so a wrong count soon meets the end of the section.
      for _ in 0..<count { configuration.append(Setting(try reader.text(), try reader.text())) }
      try reader.expectEnd()
    case .recording:
      var reader = ByteReader(bytes)
      lanes = LaneSet(rawValue: try reader.fixed())
      stateInterval = try reader.varint()
      try reader.expectEnd()
    case .modules:
      var reader = ByteReader(bytes)
      let count = try reader.varint()
      modules = []
      // As above.
      for _ in 0..<count {
        modules.append(Module(string: Array(try reader.counted()), bytes: Array(try reader.counted())))
      }
      try reader.expectEnd()
    }
  }
}

extension ByteReader {
  /// Throws unless everything was read.
  mutating func expectEnd() throws(ByteCodingError) {
    guard isAtEnd else { throw ByteCodingError(offset: offset, reason: "\(remaining) bytes are left over") }
  }
}

extension HeaderTable {
  fileprivate static func text(_ bytes: [UInt8]) throws(ByteCodingError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ByteCodingError(offset: 0, reason: "a text is not valid UTF-8")
    }
    return text
  }

  /// Reads and checks the table of the trace in `source`.
  ///
  /// Throws `.damaged` when this is a trace whose table is wrong.
  init(readingFrom source: any TraceSource) throws(TraceError) {
    let magic = TraceFormat.magic
    guard source.size > 0 else { throw .notATrace("it is empty") }
    let start = try source.bytes(at: 0, count: Int(min(source.size, UInt64(TraceFormat.preambleSize))))
    guard start.prefix(magic.count) == magic.prefix(start.count) else {
      throw .notATrace("it does not start with the eight bytes of a trace")
    }
    let damage = TraceDamage(
      offset: 0, what: "the table of the header does not agree with its hash",
      remedy: "settings, image and scenario are lost; the events after it can still be shown")
    guard start.count == TraceFormat.preambleSize else {
      throw .notATrace("it ends inside the header, at byte \(start.count)")
    }
    do {
      var reader = ByteReader(start)
      _ = try reader.take(magic.count)
      let version: UInt32 = try reader.fixed()
      let count: UInt32 = try reader.fixed()
      length = try reader.fixed()
      let reserved: UInt64 = try reader.fixed()
      hash = try reader.hash()
      guard count <= UInt32(TraceFormat.sectionLimit) else { throw TraceError.damaged(damage) }
      let tableSize = Int(count) * TraceFormat.sectionEntrySize
      guard source.size >= UInt64(start.count + tableSize) else {
        throw TraceError.notATrace("it ends inside the header, at byte \(source.size)")
      }
      let entries = try source.bytes(at: UInt64(start.count), count: tableSize)
      guard Hash128(of: start[..<32] + entries) == hash, reserved == 0 else { throw TraceError.damaged(damage) }
      guard TraceFormat.versions.contains(version) else { throw TraceError.unsupportedVersion(version) }

      sections = []
      var offset = UInt64(start.count + tableSize)
      reader = ByteReader(entries)
      for _ in 0..<count {
        let id: UInt32 = try reader.fixed()
        let zero: UInt32 = try reader.fixed()
        let section = Section(id: id, offset: offset, length: try reader.fixed(), hash: try reader.hash())
        guard zero == 0, section.length <= length, offset <= length - section.length else {
          throw TraceError.damaged(damage)
        }
        sections.append(section)
        offset += section.length
      }
      guard offset == length else { throw TraceError.damaged(damage) }
    } catch let error as TraceError {
      throw error
    } catch {
      throw .damaged(damage)
    }
  }

  func section(_ section: HeaderSection) -> Section? { sections.first { $0.id == section.rawValue } }
}

extension TraceSource {
  /// `read(at:count:)` with the trace's own error.
  func bytes(at offset: UInt64, count: Int) throws(TraceError) -> [UInt8] {
    do throws(TraceStorageError) {
      let bytes = try read(at: offset, count: count)
      guard bytes.count == count else {
        throw TraceStorageError("read \(bytes.count) bytes at offset \(offset) instead of \(count)")
      }
      return bytes
    } catch {
      throw .storage(error)
    }
  }
}
