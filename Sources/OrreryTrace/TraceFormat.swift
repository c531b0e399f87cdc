/// The numbers of the file format; `docs/TRACE_FORMAT.md` says what they mean. A change of any of them is a new `version`.
enum TraceFormat {
  /// Version 2 has modules, and is written only for a run that has some: every other trace is what version 1 made of it.
  static let version: UInt32 = 1
  static let versionWithModules: UInt32 = 2
  static let versions = version...versionWithModules

  /// The first eight bytes of a trace: a byte outside ASCII, the name, a line feed, so that a transfer as text is noticed.
  static let magic: [UInt8] = [0x8F, 0x4F, 0x52, 0x52, 0x45, 0x52, 0x59, 0x0A]
  static let chunkMagic = tag("OCHK")
  static let indexMagic = tag("OIDX")
  static let endMagic = tag("OEND")
  static let trailerMagic = tag("OTRL")

  static let preambleSize = 48
  static let sectionEntrySize = 32
  /// More sections than any version had; a larger count is damage.
  static let sectionLimit = 64

  static let chunkFixedSize = 72
  static let chunkLaneSize = 24
  static let hashSize = 16

  /// A chunk is written as soon as its timeline and lane blocks have this many bytes together.
  static let chunkByteTarget = 65_536
  /// A chunk spans at most this many clocks, so that a killed recording of an idle machine loses little.
  static let chunkClockLimit: UInt64 = 1 << 32
  /// The most bytes the coding of one event takes: 512 aliases of ten bytes are the longest, 4,096 bytes of cells in runs of one the next.
  static let eventByteLimit = 8_192
  /// No chunk is longer than the target and one event more; a longer one is damage.
  static let chunkByteLimit = chunkByteTarget + eventByteLimit

  /// How many shapes a lane block numbers.
  static let shapeLimit = 4_096

  /// How many entries an index block has when it is full.
  static let indexFanOut = 16
  /// 16^16 chunks exceed 64-bit offsets.
  static let indexLevelLimit = 16
  static let indexFixedSize = 16
  static let indexEntryFixedSize = 48

  /// The end of a run with its reports is never longer.
  static let endByteLimit = 1 << 24
  static let trailerSize = 120

  static func tag(_ text: StaticString) -> UInt32 {
    text.withUTF8Buffer { letters in
      letters.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }
}
