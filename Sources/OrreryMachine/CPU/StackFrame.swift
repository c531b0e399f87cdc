/// What a delivery or a call pushes at once, the first element highest.
struct StackFrame<let capacity: Int> {
  private(set) var elements: InlineArray<capacity, UInt64> = .init(repeating: 0)
  private(set) var count = 0

  mutating func push(_ value: UInt64) {
    elements[count] = value
    count += 1
  }
}
