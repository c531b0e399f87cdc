import Intrinsics
import Kernel
import KernelLogic

// Programs with a mistake in them, each as it is made in earnest: for a testbed to find. Nothing runs them but `program=NAME`. Each says what
// came of the mistake, and ends as a failure.

/// What the programs keep on the heap.
private struct Account {
  var number: UInt64
  var balance: UInt64

  static let byteCount = MemoryLayout<Account>.stride

  static func make(number: UInt64, balance: UInt64) -> UnsafeMutablePointer<Account> {
    guard let block = heapAllocate(byteCount, 16) else { panic("no memory") }
    let account = block.bindMemory(to: Account.self, capacity: 1)
    account.initialize(to: Account(number: number, balance: balance))
    return account
  }
}

private func close(_ account: UnsafeMutablePointer<Account>) { heapDeallocate(account, Account.byteCount, 16) }

/// Keeps a pointer to an account that was closed, and pays into it: by then the memory is another's.
@Sendable func useAfterFree() {
  let closed = Account.make(number: 1, balance: 100)
  close(closed)
  let opened = Account.make(number: 2, balance: 0)
  closed.pointee.balance += 50
  println("account 2 was opened with nothing")
  if opened.pointee.balance != 0 { Program.failed("it has \(opened.pointee.balance): a payment to a closed account") }
}

/// Closes an account twice, on two ways out of a function that should have been one. A list of free blocks then has the block twice.
@Sendable func doubleFreeUnnoticed() {
  func settle(_ account: UnsafeMutablePointer<Account>) {
    if account.pointee.balance == 0 { close(account) }
    close(account)
  }
  settle(Account.make(number: 1, balance: 0))
  let second = Account.make(number: 2, balance: 20)
  let third = Account.make(number: 3, balance: 30)
  println("account 2 was opened with 20")
  if second == third { Program.failed("it has \(second.pointee.balance): accounts 2 and 3 are one block") }
}

/// Reads a message through the pointer that it then frees: which by then leads past the header that was read.
@Sendable func interiorFreeUnnoticed() {
  let before = Heap.freeSpace.byteCount
  let (headerSize, messageSize) = (16, 128)
  guard var cursor = heapAllocate(messageSize, 16) else { panic("no memory") }
  repeatStore(cursor, 0, UInt64(messageSize))
  cursor += headerSize
  heapDeallocate(cursor, messageSize - headerSize, 16)
  println("a message was read and freed")
  if Heap.freeSpace.byteCount != before { Program.failed("its header is lost: it was freed from the middle on") }
}

/// Returns the address of a variable that ends with the function.
@Sendable func returnedFrame() {
  let answer = addressOfLocal(42)
  overwriteStack(7)
  println("the function stored 42")
  let seen = loadVolatile64(answer)
  if seen != 42 { Program.failed("another function has put its own there since") }
}

/// The same with a variable of the function that wants the answer.
@Sendable func keptFrame() {
  var answer: UInt64 = 0
  let seen = withUnsafeMutablePointer(to: &answer) { pointer in
    let address = UInt64(UInt(bitPattern: pointer))
    storeAnswer(42, at: address)
    overwriteStack(7)
    return loadVolatile64(address)
  }
  println("the function stored 42")
  expect(seen == 42)
}

@inline(never) private func storeAnswer(_ value: UInt64, at address: UInt64) { storeVolatile64(address, value) }

@inline(never) private func addressOfLocal(_ value: UInt64) -> UInt64 {
  var local: UInt64 = 0
  return withUnsafeMutablePointer(to: &local) { pointer in
    let address = UInt64(UInt(bitPattern: pointer))
    storeVolatile64(address, value)
    return address
  }
}

@inline(never) private func overwriteStack(_ value: UInt64) {
  var locals = InlineArray<16, UInt64>(repeating: 0)
  withUnsafeMutablePointer(to: &locals) { pointer in
    let start = UInt64(UInt(bitPattern: pointer))
    for index in 0..<16 as Range<UInt64> { storeVolatile64(start + index * 8, value) }
  }
}

private final class Person {
  nonisolated(unsafe) static var liveCount = 0
  var friend: Person?
  init() { Person.liveCount += 1 }
  deinit { Person.liveCount -= 1 }
}

/// Two objects that hold each other: when nobody else holds them, their reference counts never reach zero.
@Sendable func leak() {
  func meet() {
    let (one, other) = (Person(), Person())
    one.friend = other
    other.friend = one
  }
  meet()
  println("two friends met and went")
  if Person.liveCount != 0 { Program.failed("\(Person.liveCount) objects are left that nobody can reach") }
}

/// Clears one element more than an array has: the next block begins there.
@Sendable func heapOverflow() {
  let count = 4
  guard let numbers = heapAllocate(count * 8, 16) else { panic("no memory") }
  let neighbour = Account.make(number: 5, balance: 500)
  for index in 0...count { numbers.storeBytes(of: 0, toByteOffset: index * 8, as: UInt64.self) }
  println("the neighbour of the array is account 5")
  if neighbour.pointee.number != 5 { Program.failed("it is account \(neighbour.pointee.number) now") }
}

/// Changes a mapping and forgets to tell the processor, which may go on using the translation it has
/// (Intel SDM vol. 3A, 4.10.4.3 "Optional Invalidation").
@Sendable func staleTranslation() {
  let page = LinearAddress(0x5555_0000_0000)
  let other = page + Frame.byteCount
  do throws(PagingError) {
    try KernelAddressSpace.mapFresh(page, .data)
    try KernelAddressSpace.mapFresh(other, .data)
    storeVolatile64(page.rawValue, 1)
    storeVolatile64(other.rawValue, 2)
    guard let target = KernelAddressSpace.mapper.translate(other)?.address else { panic("the page is not mapped") }
    var frames = KernelFrames()
    let forgetful = Mapper(root: KernelAddressSpace.mapper.root, memory: UnflushedPageTables())
    try forgetful.unmap(page)
    try forgetful.map(page, to: target, .data, frames: &frames)
  } catch {
    panic("\(error.reason)")
  }
  println("the page was mapped to a frame that holds 2")
  let seen = loadVolatile64(page.rawValue)
  if seen != 2 { Program.failed("it shows \(seen): the frame that was there before") }
}

/// The active page tables, without `INVLPG`.
private struct UnflushedPageTables: PageTableMemory {
  private let tables = KernelAddressSpace.tables

  func entry(level: Int, of address: LinearAddress, table: Frame) -> PageTableEntry {
    tables.entry(level: level, of: address, table: table)
  }
  func setEntry(_ entry: PageTableEntry, level: Int, of address: LinearAddress, table: Frame) {
    tables.setEntry(entry, level: level, of: address, table: table)
  }
  func clearTable(level: Int, of address: LinearAddress, table: Frame) {
    tables.clearTable(level: level, of: address, table: table)
  }
  func flush(_ address: LinearAddress) {}
}

/// What the main flow and the timer's handler count together.
nonisolated(unsafe) private var visitorCount: UInt64 = 0
/// What they look up meanwhile.
nonisolated(unsafe) private var guestBook: UInt64 = 0

/// Counts in two places without a lock. A load, an addition and a store are three steps: what the handler counts between them is lost.
@Sendable func race() {
  println("counting in the main flow and at each tick")
  let firstTick = countAtTicks()
  var counted: UInt64 = 0
  // Until a visitor is lost, which is a matter of when the ticks come.
  while true {
    countVisitor()
    counted += 1
    if !isCountComplete(counted, since: firstTick) { Program.failed("a visitor is lost") }
  }
}

/// The same with interrupts off while the main flow counts.
@Sendable func noRace() {
  println("counting in the main flow and at each tick")
  let firstTick = countAtTicks()
  var counted: UInt64 = 0
  while Timer.ticks < firstTick + 10 {
    withoutInterrupts(countVisitor)
    counted += 1
  }
  expect(isCountComplete(counted, since: firstTick))
  println("every visitor was counted")
}

/// Returns how many ticks there were by then.
private func countAtTicks() -> UInt64 {
  withoutInterrupts {
    Timer.onTick = countVisitor
    return Timer.ticks
  }
}

private func isCountComplete(_ counted: UInt64, since firstTick: UInt64) -> Bool {
  withoutInterrupts { loadVolatile64(address(of: &visitorCount)) == counted + (Timer.ticks - firstTick) }
}

/// Takes its time between load and store, as code that looks something up there does.
@Sendable @inline(never) private func countVisitor() {
  let count = loadVolatile64(address(of: &visitorCount))
  for _ in 0..<100 { _ = loadVolatile64(address(of: &guestBook)) }
  storeVolatile64(address(of: &visitorCount), count + 1)
}

private func address(of variable: UnsafeMutablePointer<UInt64>) -> UInt64 { UInt64(UInt(bitPattern: variable)) }
