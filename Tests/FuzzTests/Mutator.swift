import OrreryBase

/// Makes inputs that are like those of a corpus; the whole sequence follows from the seed.
struct Mutator {
  private let corpus: [[UInt8]]
  private var random: SeededGenerator

  private static let sizeLimit = 1 << 18
  private static let numbers: [UInt64] = [
    0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000, .max,
  ]

  init(_ corpus: [[UInt8]], seed: UInt64) {
    precondition(!corpus.isEmpty)
    self.corpus = corpus
    random = SeededGenerator(seed: seed)
  }

  mutating func next() -> [UInt8] {
    var bytes = corpus[Int.random(in: 0..<corpus.count, using: &random)]
    for _ in 0..<Int.random(in: 1...6, using: &random) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    let length = min(Int.random(in: 1...16, using: &random), bytes.count - place)
    switch Int.random(in: 0..<7, using: &random) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &random)
    case 2: bytes.removeSubrange(place..<place + length)
    case 3 where bytes.count < Self.sizeLimit: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
    case 4 where bytes.count < Self.sizeLimit:
      for _ in 0..<length { bytes.insert(.random(in: 0...255, using: &random), at: place) }
    case 5:
      let number = Self.numbers[Int.random(in: 0..<Self.numbers.count, using: &random)]
      let size = min([1, 2, 4, 8][Int.random(in: 0..<4, using: &random)], bytes.count - place)
      for index in 0..<size { bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(index * 8)) }
    default:
      let other = corpus[Int.random(in: 0..<corpus.count, using: &random)]
      guard !other.isEmpty, bytes.count < Self.sizeLimit else { return }
      let from = Int.random(in: 0..<other.count, using: &random)
      bytes.insert(contentsOf: other[from..<min(from + 64, other.count)], at: place)
    }
  }
}
