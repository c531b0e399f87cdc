import Intrinsics
import KernelLogic

// The C functions that Swift's concurrency library calls beside those for memory (ISO C 7.21, 7.22.4, 7.24). It uses them to
// say what went wrong before it gives up, and to copy the names of tasks.

@c(abort)
func abortRuntime() -> Never { panic("Swift's concurrency library gave up") }

@c(puts)
func putLine(_ text: UnsafePointer<UInt8>) -> Int32 {
  putText(text, count: length(of: text))
  println()
  return 0
}

/// Says the format alone: it tells what happened, and reading the arguments of a C function is not worth it for a last message.
@c(vprintf)
func printFormat(_ format: UnsafePointer<UInt8>, _ arguments: UnsafeRawPointer) -> Int32 {
  putText(format, count: length(of: format))
  return 0
}

/// As `vprintf`, into memory. Returns how long the whole text is, as ISO C says.
@c(vsnprintf)
func formatIntoMemory(
  _ buffer: UnsafeMutablePointer<UInt8>?, _ size: Int, _ format: UnsafePointer<UInt8>, _ arguments: UnsafeRawPointer
) -> Int32 {
  let count = length(of: format)
  if let buffer, size > 0 {
    let copied = min(count, size - 1)
    repeatMove(buffer, format, UInt64(copied))
    buffer[copied] = 0
  }
  return Int32(truncatingIfNeeded: count)
}

@c(strlen)
func length(of text: UnsafePointer<UInt8>) -> Int {
  var count = 0
  while text[count] != 0 { count += 1 }
  return count
}

@c(strncpy)
func copyText(
  _ destination: UnsafeMutablePointer<UInt8>, _ source: UnsafePointer<UInt8>, _ size: Int
) -> UnsafeMutablePointer<UInt8> {
  var count = 0
  while count < size, source[count] != 0 {
    destination[count] = source[count]
    count += 1
  }
  while count < size {
    destination[count] = 0
    count += 1
  }
  return destination
}

/// Stands for the few functions of the C++ library that the concurrency library refers to (kernel.ld gives them this name): for a call
/// of a pure virtual function, a task group that is too long for memory, and the copying of task-local values, which this kernel has none of.
@c(missingLibraryFunction)
func missingLibraryFunction() -> Never { panic("Swift's concurrency library called what this kernel does not have") }

private func putText(_ text: UnsafePointer<UInt8>, count: Int) {
  for index in 0..<count { Console.write(text[index]) }
}
