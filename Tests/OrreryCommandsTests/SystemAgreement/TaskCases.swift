/// Hardware task switches of protected mode (Intel SDM volume 3, 7.2 to 7.4).
enum TaskCases {
  private typealias Map = GuestMap
  private typealias Selector = GuestMap.Selector

  private static let gateSelector: UInt64 = 0xF0
  private static let target = Map.data + 0x800
  private static let returning = Map.data + 0x900

  private static func hexadecimal(_ value: UInt64) -> String { String(value, radix: 16) }

  /// What the second task's segment holds.
  private struct Task {
    var isUser = false
    var is32 = true
    var limit: UInt64?
    /// Type and DPL.
    var access: UInt64 = 0xE9
    var instruction = TaskCases.target
    var flags: UInt64 = 2
    var code: UInt64?
    var stack: UInt64?
    var data: UInt64 = Selector.userData
    var ldt: UInt64 = Selector.ldt
    var traps = false

    var pokes: [(UInt64, UInt64)] {
      let code = code ?? (isUser ? Selector.userCode32 : Selector.code)
      let stack = stack ?? (isUser ? Selector.userData : Selector.data)
      let pointer = isUser ? Map.userStack - 0x100 : Map.kernelStack - 0x100
      var bytes = [UInt8](repeating: 0, count: 0x68)
      func put(_ offset: Int, _ value: UInt64, _ size: Int) {
        for index in 0..<size { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8)) }
      }
      let size = is32 ? 4 : 2
      if is32 {
        put(4, Map.stackOfLevel0 - 0x80, 4)
        put(8, Selector.data, 2)
        put(100, traps ? 1 : 0, 2)
        put(102, 0x68, 2)
      } else {
        put(2, 0xD000 - 0x80, 2)
        put(4, Selector.absentData, 2)
      }
      put(is32 ? 32 : 14, instruction, size)
      put(is32 ? 36 : 16, flags, size)
      for number in 0..<8 {
        put((is32 ? 40 : 18) + number * size, number == 4 ? pointer : 0x7000_1000 + UInt64(number), size)
      }
      let segments = [data, code, stack, data, data, data]
      for number in 0..<(is32 ? 6 : 4) { put((is32 ? 72 : 34) + number * size, segments[number], 2) }
      put(is32 ? 96 : 42, ldt, 2)
      var pokes: [(UInt64, UInt64)] = []
      for offset in stride(from: 0, to: bytes.count, by: 8) {
        var value: UInt64 = 0
        for index in (0..<8).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
        pokes.append((Map.secondTask + UInt64(offset), value))
      }
      pokes.append(
        (Map.gdt + Selector.absentData, GuestMap.descriptor(base: Map.tables, limit: 0xFFFF, access: 0x93, size: 0x4)))
      pokes.append(
        (
          Map.gdt + Selector.secondTask,
          Map.descriptor(base: Map.secondTask, limit: limit ?? (is32 ? 0x67 : 0x2B), access: access, size: 0)
        ))
      return pokes
    }
  }

  private static func gate(_ selector: UInt64, access: UInt64 = 0xE5) -> UInt64 { selector << 16 | access << 40 }

  private static func make(
    _ name: String, _ mode: SystemCase.Mode, _ code: [UInt8], _ task: Task, selector: UInt64 = Selector.secondTask
  ) -> SystemCase {
    var item = SystemCase("\(name), \(mode)", mode, isLong: false, code)
    item[.rdi] = Map.data + 0x20
    item.pokes =
      task.pokes + [
        (Map.data + 0x20, 0x1234_5678 | selector << 32), (returning, 0x9090_9090_9090_80CD),
        (Map.gdt + gateSelector, gate(Selector.secondTask)),
      ]
    // The old task with its link, and both descriptors.
    item.peeks = [Map.gdt + Selector.task, Map.gdt + Selector.secondTask, Map.secondTask]
    item.peeks += (4..<12).map { Map.task + UInt64($0 * 8) }
    return item
  }

  private static let transfers: [(String, [UInt8])] = [("jmp", [0xFF, 0x2F]), ("call", [0xFF, 0x1F])]

  static func all() -> [SystemCase] { ways() + refusals() }

  private static func ways() -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in [SystemCase.Mode.kernel32, .user32] {
      for isUser in [false, true] {
        for (name, code) in transfers {
          for selector in [Selector.secondTask, gateSelector, Selector.secondTask | 3, gateSelector | 3] {
            cases.append(
              make(
                "\(name) to the task by \(hexadecimal(selector)), user \(isUser)", mode, code, Task(isUser: isUser),
                selector: selector))
          }
          // A 16-bit task keeps the upper half of ESP, where the handler of its own level could not be.
          if isUser {
            cases.append(
              make("\(name) to a 16-bit task", mode, code, short).with(
                pokes: [
                  (
                    Map.gdt + Selector.absentCode,
                    Map.descriptor(base: target, limit: 0xFFFF, access: 0xFB, size: 0x4)
                  )
                ]))
          }
          var item = make("\(name) to a task with T", mode, code, Task(isUser: isUser, traps: true))
          item[.dr7] = 0x4FF | 0x1111_0000
          item[.dr0] = 0x10
          item = item.differing(
            "Volume 3, 7.2.1: with T the task begins with a debug exception. QEMU does not know it.",
            manual: "vector=1",
            "rip=300800", "dr6=ffff8ff0", "dr7=111104aa")
          cases.append(item)
          cases.append(make("\(name) to a task with flags", mode, code, Task(isUser: isUser, flags: 0x24_4ED7)))
        }
        // There and back: the task is one IRETD.
        var item = make("call and iret", mode, [0xFF, 0x1F], Task(isUser: isUser, instruction: returning))
        item.pokes.append((returning, 0x9090_9090_9090_90CF))
        cases.append(item)
        item = make("int and iret", mode, [0xCD, 0x85], Task(isUser: isUser, instruction: returning))
        item.pokes += [
          (returning, 0x9090_9090_9090_90CF), (Map.gateAddress(0x85, isLong: false), gate(Selector.secondTask)),
        ]
        cases.append(item)
        for (name, code, vector) in [
          ("int 0x85", [0xCD, 0x85], 0x85), ("ud2", [0x0F, 0x0B], 6), ("a general protection", [0x8E, 0xD9], 13),
          ("int3", [0xCC], 3),
        ] as [(String, [UInt8], Int)] {
          var item = make("\(name) through a task gate, user \(isUser)", mode, code, Task(isUser: isUser))
          item.pokes.append((Map.gateAddress(vector, isLong: false), gate(Selector.secondTask)))
          item[.rcx] = Selector.absentCode
          item.peeks.append((isUser ? Map.userStack : Map.kernelStack) - 0x108)
          cases.append(item)
        }
      }
      // The stack of the handler is gone: #DF by a task of its own, which is what such tasks are for.
      var item = make("a double fault through a task gate", mode, [0x0F, 0x0B], Task())
      item.pokes += [
        (Map.gateAddress(6, isLong: false), 0), (Map.gateAddress(13, isLong: false), 0),
        (Map.gateAddress(8, isLong: false), gate(Selector.secondTask)),
      ]
      item.peeks.append(Map.kernelStack - 0x108)
      cases.append(item)
    }
    return cases
  }

  private static var short: Task {
    var task = Task(isUser: true, is32: false, access: 0xE1, instruction: 0)
    task.code = Selector.absentCode | 3
    task.stack = Selector.userData16
    return task
  }

  private static func refusedAsLocal(_ item: SystemCase) -> SystemCase {
    item.differing(
      "Volume 2, JMP, CALL and INT n: #GP for the selector of a TSS that is not in the GDT. QEMU raises #TS.",
      manual: "vector=d", "error=ec")
  }

  private static func refusals() -> [SystemCase] {
    var cases: [SystemCase] = []
    for mode in [SystemCase.Mode.kernel32, .user32] {
      for (name, code) in transfers {
        for access in [0x89, 0xE9, 0xEB, 0x69, 0xE3, 0x61, 0xA9] as [UInt64] {
          cases.append(make("\(name) to a task of access \(hexadecimal(access))", mode, code, Task(access: access)))
          cases.append(
            make(
              "\(name) by a gate to a task of access \(hexadecimal(access))", mode, code, Task(access: access),
              selector: gateSelector))
        }
        for limit in [0x66, 0x2B] as [UInt64] {
          cases.append(make("\(name) to a task of limit \(hexadecimal(limit))", mode, code, Task(limit: limit)))
        }
        for (access, selector) in [
          (0x85, Selector.secondTask), (0x65, Selector.secondTask), (0xE5, 0), (0xE5, Selector.code),
          (0xE5, Selector.secondTask | 4), (0xE5, Selector.beyond), (0xE5, Selector.task),
        ] as [(UInt64, UInt64)] {
          var item = make(
            "\(name) by a gate of access \(hexadecimal(access)) to \(hexadecimal(selector))", mode, code, Task(),
            selector: gateSelector)
          item.pokes.append((Map.gdt + gateSelector, gate(selector, access: access)))
          if selector & 4 != 0 { item = refusedAsLocal(item) }
          cases.append(item)
        }
      }
      for (access, selector) in [
        (0x85, Selector.secondTask), (0x65, Selector.secondTask), (0xE5, 0), (0xE5, Selector.code),
        (0xE5, Selector.secondTask | 4), (0xE5, Selector.beyond), (0xE5, Selector.task),
      ] as [(UInt64, UInt64)] {
        var item = make(
          "int by a gate of access \(hexadecimal(access)) to \(hexadecimal(selector))", mode, [0xCD, 0x85], Task())
        item.pokes.append((Map.gateAddress(0x85, isLong: false), gate(selector, access: access)))
        if selector & 4 != 0 { item = refusedAsLocal(item) }
        cases.append(item)
      }
      // IRET with NT where there is no task to go back to: push 0x4002; popfd; iretd.
      for link in [0, Selector.code, Selector.secondTask, Selector.beyond, Selector.secondTask | 4] as [UInt64] {
        var item = make("iret with NT and link \(hexadecimal(link))", mode, [0x68, 2, 0x40, 0, 0, 0x9D, 0xCF], Task())
        item.pokes.append((Map.task, link | Map.stackOfLevel0 << 32))
        cases.append(item)
      }
    }
    return cases
  }
}
