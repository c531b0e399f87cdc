import Intrinsics
import Kernel
import KernelLogic

/// Where `map` puts its pages.
private let firstPage = LinearAddress(0x5555_0000_0000)
private let pageLimit: UInt64 = 4096
nonisolated(unsafe) private var mappedPages: UInt64 = 0

private func page(_ index: UInt64) -> LinearAddress { firstPage + index * Frame.byteCount }

/// Maps pages after those mapped before, writes to each and reads it back.
func map(_ command: CommandText) {
  guard let count = command.number(at: 1), count > 0, count <= pageLimit - mappedPages else {
    println("how many pages? At most 4096 in all")
    return
  }
  let first = mappedPages
  do throws(PagingError) {
    for _ in 0..<count {
      try KernelAddressSpace.mapFresh(page(mappedPages), .data)
      mappedPages += 1
    }
  } catch {
    println("cannot map: \(error.reason)")
    return
  }
  for index in first..<mappedPages { storeVolatile64(page(index).rawValue, ~index) }
  for index in first..<mappedPages where loadVolatile64(page(index).rawValue) != ~index {
    println("WRONG VALUE at \(page(index))")
    return
  }
  println("mapped from \(page(first))")
}

func unmap(_ command: CommandText) {
  guard mappedPages > 0 else {
    println("nothing is mapped")
    return
  }
  do throws(PagingError) {
    while mappedPages > 0 {
      try KernelAddressSpace.unmapFresh(page(mappedPages - 1))
      mappedPages -= 1
    }
    println("ok")
  } catch {
    println("cannot unmap: \(error.reason)")
  }
}

/// Changes the rights of all mapped pages.
func protect(_ command: CommandText) {
  let flags: PageTableEntry.Flags
  switch command.rest {
  case "read-only": flags = .noExecute
  case "no-execute": flags = .data
  case "none": flags = .writable
  default:
    println("read-only, no-execute or none?")
    return
  }
  guard mappedPages > 0 else {
    println("nothing is mapped")
    return
  }
  do throws(PagingError) {
    for index in 0..<mappedPages { try KernelAddressSpace.mapper.updateFlags(page(index), flags) }
    println("ok")
  } catch {
    println("cannot protect: \(error.reason)")
  }
}

func translate(_ command: CommandText) {
  guard let address = command.number(at: 1) else {
    println("which address?")
    return
  }
  guard let translation = KernelAddressSpace.mapper.translate(LinearAddress(address)) else {
    println("not mapped")
    return
  }
  let size: StaticString =
    switch translation.pageSize {
    case .small: "4 KiB"
    case .large: "2 MiB"
    case .huge: "1 GiB"
    }
  let write: StaticString = translation.flags.contains(.writable) ? "writable" : "read-only"
  let execute: StaticString = translation.flags.contains(.noExecute) ? "no-execute" : "executable"
  println("\(size) page, \(write), \(execute)")
}
