import Kernel
import KernelLogic

/// The four functions that the compiler calls on its own (ISO C 7.24), by what it makes calls of them of.
@Sendable func memoryFunctionTests(_ visit: (KernelTest) -> Void) {
  visit(KernelTest("copiesKeepEveryByte", copiesKeepEveryByte))
  visit(KernelTest("overlappingMovesKeepEveryByte", overlappingMovesKeepEveryByte))
  visit(KernelTest("fillsReachTheirEndsAndNoFurther", fillsReachTheirEndsAndNoFurther))
  visit(KernelTest("comparisonsFindTheFirstDifference", comparisonsFindTheFirstDifference))
}

/// Long enough for whole words, bytes that are left over, and either at any alignment.
private let longest = 40
private let margin = 16

/// A block of memory in which each byte tells its place, and bytes around it.
private func withNumberedBytes(_ body: (UnsafeMutableRawPointer) -> Void) {
  let count = longest + 3 * margin
  guard let block = heapAllocate(count, 16) else { panic("no memory") }
  for index in 0..<count { block.storeBytes(of: number(index), toByteOffset: index, as: UInt8.self) }
  body(block)
  heapDeallocate(block, count, 16)
}

private func number(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &* 7 &+ 1) }

private func byte(_ block: UnsafeMutableRawPointer, _ index: Int) -> UInt8 {
  block.load(fromByteOffset: index, as: UInt8.self)
}

private func copiesKeepEveryByte() {
  guard let target = heapAllocate(longest + 3 * margin, 16) else { panic("no memory") }
  for count in 0...longest {
    for offset in 0..<8 {
      withNumberedBytes { source in
        target.initializeMemory(as: UInt8.self, repeating: 0, count: longest + 3 * margin)
        (target + margin).copyMemory(from: source + offset, byteCount: count)
        for index in 0..<count { expect(byte(target, margin + index) == number(offset + index)) }
        expect(byte(target, margin - 1) == 0 && byte(target, margin + count) == 0)
      }
    }
  }
  heapDeallocate(target, longest + 3 * margin, 16)
}

private func overlappingMovesKeepEveryByte() {
  for count in [0, 1, 7, 8, 9, 23, longest] {
    for distance in -margin...margin {
      withNumberedBytes { block in
        (block + margin + distance).copyMemory(from: block + margin, byteCount: count)
        for index in 0..<longest + 3 * margin {
          let isTarget = (margin + distance..<margin + distance + count).contains(index)
          expect(byte(block, index) == number(isTarget ? index - distance : index))
        }
      }
    }
  }
}

private func fillsReachTheirEndsAndNoFurther() {
  for count in 0...longest {
    for offset in 0..<8 {
      withNumberedBytes { block in
        (block + offset).initializeMemory(as: UInt8.self, repeating: 0xa5, count: count)
        for index in 0..<longest + margin {
          expect(byte(block, index) == ((offset..<offset + count).contains(index) ? 0xa5 : number(index)))
        }
      }
    }
  }
}

private func comparisonsFindTheFirstDifference() {
  // Bytes of text are compared from the first one on, each without a sign.
  func text(_ end: String) -> String { "the same words up to the last of them: " + end }
  expect(text("a") != text("b") && text("a") < text("b") && text("b") == text("b"))
  expect(text("\u{7f}") < text("\u{80}"))
}
