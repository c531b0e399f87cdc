import OrreryBase
import OrreryTrace

/// The texts and addresses that a scenario still waits for, each with those who wait for it.
///
/// What several wait for is looked for once, and its hits are counted once: everybody has waited since the start of the run.
struct Awaited<Listener: Sendable>: Sendable {
  /// What can be waited for.
  enum Source: Hashable, Sendable {
    case text([UInt8], Stream)
    /// A text that comes to stand in a row of the screen.
    case screen([UInt8])
    case address(LinearAddress)
  }

  /// Where texts are written, byte for byte.
  enum Stream: Hashable, Sendable {
    case serial(port: UInt8)
    /// The trace port.
    case mark
  }

  /// Somebody who waits for the `hit`th time, from 1.
  struct Waiter: Sendable {
    var source: Source
    var hit: UInt64
    var listener: Listener
  }

  private struct Text: Sendable {
    let stream: Stream
    var matcher: TextMatcher
    var counter: HitCounter<Listener>
  }

  private struct ScreenText: Sendable {
    let text: [UInt8]
    /// Whether it stood there when the screen was looked at last.
    var isThere = false
    var counter: HitCounter<Listener>
  }

  /// In no order: who comes true at one byte comes true at one clock, and only the scenario says who is first then.
  private var texts: [Text] = []
  private var screenTexts: [ScreenText] = []
  /// The addresses, each once, in ascending order.
  private(set) var addresses: [LinearAddress] = []
  /// One for each address.
  private var addressCounters: [HitCounter<Listener>] = []

  init(_ waiters: [Waiter]) {
    var counters: [(source: Source, counter: HitCounter<Listener>)] = []
    // Only looked up, never iterated.
    var indices: [Source: Int] = [:]
    for waiter in waiters {
      let index = indices[waiter.source] ?? counters.count
      if index == counters.count {
        indices[waiter.source] = index
        counters.append((waiter.source, HitCounter()))
      }
      counters[index].counter.add(waiter.listener, at: waiter.hit)
    }
    var anchors: [(address: LinearAddress, counter: HitCounter<Listener>)] = []
    for (source, var counter) in counters {
      counter.sort()
      switch source {
      case .text(let bytes, let stream):
        texts.append(Text(stream: stream, matcher: TextMatcher(bytes), counter: counter))
      case .screen(let bytes): screenTexts.append(ScreenText(text: bytes, counter: counter))
      case .address(let address): anchors.append((address, counter))
      }
    }
    anchors.sort { $0.address < $1.address }
    addresses = anchors.map(\.address)
    addressCounters = anchors.map(\.counter)
  }

  /// Whether a text from a serial port is waited for.
  var hasSerialText: Bool { texts.contains { $0.stream != .mark } }

  /// Whether a text from the trace port is waited for.
  var hasMarkText: Bool { texts.contains { $0.stream == .mark } }

  /// Whether a text on the screen is waited for.
  var hasScreenText: Bool { !screenTexts.isEmpty }

  /// The guest wrote `byte` to `stream`; gives those whose wait is over.
  mutating func consume(_ byte: UInt8, from stream: Stream) -> [Listener] {
    var listeners: [Listener] = []
    var index = 0
    while index < texts.count {
      if texts[index].stream == stream, texts[index].matcher.consume(byte) {
        texts[index].counter.hit(&listeners)
        if texts[index].counter.isOver {
          texts.swapAt(index, texts.count - 1)
          texts.removeLast()
          continue
        }
      }
      index += 1
    }
    return listeners
  }

  /// The screen shows `screen` now; gives those whose wait is over.
  mutating func look(at screen: ScreenContents) -> [Listener] {
    var listeners: [Listener] = []
    for index in screenTexts.indices {
      let isThere = screen.contains(screenTexts[index].text)
      if isThere, !screenTexts[index].isThere { screenTexts[index].counter.hit(&listeners) }
      screenTexts[index].isThere = isThere
    }
    screenTexts.removeAll { $0.counter.isOver }
    return listeners
  }

  /// The instruction at `address` is about to execute; gives those whose wait is over.
  mutating func reach(_ address: LinearAddress) -> [Listener] {
    let index = addresses.partitioningIndex { $0 >= address }
    guard index < addresses.count, addresses[index] == address else { return [] }
    var listeners: [Listener] = []
    addressCounters[index].hit(&listeners)
    if addressCounters[index].isOver {
      addresses.remove(at: index)
      addressCounters.remove(at: index)
    }
    return listeners
  }
}

/// How often something has come, and who waits for which time.
private struct HitCounter<Listener: Sendable>: Sendable {
  private var hits: UInt64 = 0
  /// Those who wait for the next time last.
  private var waiting: [(hit: UInt64, listener: Listener)] = []

  mutating func add(_ listener: Listener, at hit: UInt64) { waiting.append((hit, listener)) }

  /// To be called once everybody was added.
  mutating func sort() { waiting.sort { $0.hit > $1.hit } }

  /// Whether nobody waits any more.
  var isOver: Bool { waiting.isEmpty }

  /// Counts one more, and moves those who waited for it to `listeners`.
  mutating func hit(_ listeners: inout [Listener]) {
    hits += 1
    while let last = waiting.last, last.hit <= hits {
      listeners.append(last.listener)
      waiting.removeLast()
    }
  }
}
