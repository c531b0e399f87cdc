import Intrinsics
import Kernel
import KernelLogic

/// Each round fills 512 KiB and copies it to the next 512 KiB: 1 MiB written.
func stringRounds(_ count: UInt64) -> UInt64 {
  let half: UInt64 = 0x8_0000
  let buffer = UnsafeMutableRawPointer.allocate(byteCount: Int(half) * 2, alignment: 4096)
  var sum: UInt64 = 0
  for round in 0..<count {
    repeatStore(buffer, UInt8(truncatingIfNeeded: round &+ 1), half)
    repeatMove(buffer + Int(half), buffer, half)
    sum = sum &* 31 &+ (buffer + Int(half) * 2 - 8).load(as: UInt64.self)
  }
  return sum
}

func pageRounds(_ count: UInt64) -> UInt64 {
  let page = LinearAddress(0x5555_0000_0000)
  guard let frame = Frames.allocate() else { panic("no frame to map") }
  var frames = KernelFrames()
  let mapper = KernelAddressSpace.mapper
  var sum: UInt64 = 0
  do throws(PagingError) {
    for round in 0..<count {
      try mapper.map(page, to: frame.start, .data, frames: &frames)
      storeVolatile64(page.rawValue, round)
      sum = sum &* 31 &+ loadVolatile64(page.rawValue)
      try mapper.unmap(page)
    }
  } catch {
    panic("cannot map: \(error.reason)")
  }
  return sum
}

func tickRounds(_ count: UInt64) -> UInt64 {
  Interrupts.start(timerFrequency: 10_000)
  Timer.wait(ticks: count)
  disableInterrupts()
  return count
}

/// Each round stores and loads all 2,000 cells.
func screenRounds(_ count: UInt64) -> UInt64 {
  let screen = TextModeMemory()
  var sum: UInt64 = 0
  for round in 0..<count {
    for row in 0..<25 {
      for column in 0..<80 {
        let code = UInt8(truncatingIfNeeded: round &+ UInt64(column))
        screen.store(ScreenCharacter(code: code, color: ColorCode(rawValue: 0x07)), row: row, column: column)
      }
    }
    for row in 0..<25 {
      for column in 0..<80 { sum = sum &+ UInt64(screen.load(row: row, column: column).rawValue) }
    }
  }
  return sum
}

/// `count` bytes in lines of 64.
func serialRounds(_ count: UInt64) -> UInt64 {
  var sum: UInt64 = 0
  for index in 0..<count {
    let byte = index % 64 == 63 ? UInt8(ascii: "\n") : UInt8(ascii: "0") + UInt8(index % 64)
    SerialPort.write(byte)
    sum = sum &* 31 &+ UInt64(byte)
  }
  return sum
}
