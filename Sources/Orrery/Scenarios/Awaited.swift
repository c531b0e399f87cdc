import OrreryBase

/// The texts and addresses that a scenario still waits for, each with those who wait for it.
///
/// What several wait for is looked for once, and its hits are counted once: everybody has waited since the start of the run.
struct Awaited<Listener: Sendable>: Sendable {
  /// What can be waited for.
  enum Source: Hashable, Sendable {
    case text([UInt8], port: UInt8)
    case address(LinearAddress)
  }

  /// Somebody who waits for the `hit`th time, from 1.
  struct Waiter: Sendable {
    var source: Source
    var hit: UInt64
    var listener: Listener
  }

  private struct Text: Sendable {
    let port: UInt8
    var matcher: TextMatcher
    var counter: HitCounter<Listener>
  }

  /// In no order: who comes true at one byte comes true at one clock, and only the scenario says who is first then.
  private var texts: [Text] = []
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
      case .text(let bytes, let port): texts.append(Text(port: port, matcher: TextMatcher(bytes), counter: counter))
      case .address(let address): anchors.append((address, counter))
      }
    }
    anchors.sort { $0.address < $1.address }
    addresses = anchors.map(\.address)
    addressCounters = anchors.map(\.counter)
  }

  /// Whether a text is waited for.
  var hasText: Bool { !texts.isEmpty }

  /// The guest wrote `byte` to serial port `port`; gives those whose wait is over.
  mutating func consume(serial byte: UInt8, port: UInt8) -> [Listener] {
    var listeners: [Listener] = []
    var index = 0
    while index < texts.count {
      if texts[index].port == port, texts[index].matcher.consume(byte) {
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

  /// The instruction at `address` is about to execute; gives those whose wait is over.
  mutating func reach(_ address: LinearAddress) -> [Listener] {
    var (low, high) = (0, addresses.count)
    while low < high {
      let middle = (low + high) / 2
      if addresses[middle] < address { low = middle + 1 } else { high = middle }
    }
    guard low < addresses.count, addresses[low] == address else { return [] }
    var listeners: [Listener] = []
    addressCounters[low].hit(&listeners)
    if addressCounters[low].isOver {
      addresses.remove(at: low)
      addressCounters.remove(at: low)
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
