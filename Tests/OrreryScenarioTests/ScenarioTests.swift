import OrreryBase
import OrreryScenario
import Testing

@Suite struct ScenarioTests {
  private static let text = """
    # Everything at once.
    machine { memory 64 MiB; frequency 2 GHz; command line "test=heap \\"x\\""; tlb stale; uart baud }
    limits {
      steps 5_000   # a comment
      time 2 s
      trace 16 KiB
    }
    lanes input, output
    heap { allocate my_alloc(size, _, alignment); free "a::b"(pointer) }
    frames { allocate zeroed Frames.take() }
    param K = 0...40
    param L = 8…64 by 8

    at 1000 instructions: irq 1
    at start { press A, release A; nmi }
    every 1 ms + 3 us until 20 ms: irq 0
    after serial "ready>" hit 2 + (K + 1) * 2 steps: type "hi{Enter}"
    on symbol Heap.allocate hit K * 2 + L steps every 1 step 3 times {
      key Ctrl+C
      vector 0x80
    }
    every random L…2 * L us seed K until symbol "f(x:)": serial COM2 "a\\x00\\n"
    stop after serial COM3 "bye" + 1 step
    stop on symbol panic
    expect triple fault
    """

  private static let built = Scenario(
    machine: MachineSettings(
      memory: .mebibytes(64), frequency: .gigahertz(2), commandLine: "test=heap \"x\"", tlb: .stale,
      uart: .baud),
    limits: Limits(steps: 5000, time: .seconds(2), trace: .kibibytes(16)),
    lanes: [.input, .output],
    allocators: [
      AllocatorFunction(.heap, .allocate, "my_alloc", [.size, .ignored, .alignment]),
      AllocatorFunction(.heap, .free, "a::b", [.pointer]),
      AllocatorFunction(.frames, .allocateZeroed, "Frames.take", []),
    ],
    parameters: [Parameter("K", in: 0...40), Parameter("L", in: 8...64, by: 8)],
    rules: [
      Rule(.at(.steps(1000)), do: .interruptLine(1)),
      Rule(
        .start, do: .press(Key(rawValue: 0x1E)), .release(Key(rawValue: 0x1E)),
        .nonMaskableInterrupt),
      Rule(
        .start, delay: .microseconds(3),
        repeating: Repetition(every: .milliseconds(1), .until(.at(.milliseconds(20)))),
        do: .interruptLine(0)),
      Rule(
        .afterSerial("ready>", hit: 2), delay: .steps((.parameter("K") + 1) * 2),
        do: .type("hi{Enter}")),
      Rule(
        .onSymbol("Heap.allocate", hit: .parameter("K") * 2), delay: .steps(.parameter("L")),
        repeating: Repetition(every: .steps(1), .times(3)), do: .key("Ctrl+C"), .vector(128)),
      Rule(
        .start,
        repeating: Repetition(
          every: .random(
            minimum: .parameter("L"), maximum: 2 * .parameter("L"), unit: .microseconds,
            seed: .parameter("K")),
          .until(.onSymbol("f(x:)"))),
        do: .serial(ByteText(bytes: [0x61, 0, 0x0A]), port: .com2)),
    ],
    stops: [
      StopCondition(.afterSerial("bye", port: .com3), delay: .steps(1)),
      StopCondition(.onSymbol("panic")),
    ], expectedEnd: .tripleFault)

  /// A hit count of 0 would be refused, so the text is read with K from 1.
  private static let sound = text.replacing("K = 0...40", with: "K = 1…40")

  @Test func aParsedScenarioEqualsTheSameBuiltInCode() throws {
    var built = Self.built
    built.parameters[0].first = 1
    #expect(try Scenario(parsing: Self.sound, file: "f") == built)
  }

  @Test func theCanonicalFormIsOneLineAThing() throws {
    let scenario = try Scenario(parsing: Self.sound, file: "f")
    #expect(
      scenario.description == """
        machine {
          memory 64 MiB
          frequency 2 GHz
          command line "test=heap \\"x\\""
          tlb stale
          uart baud
        }

        limits {
          steps 5000
          time 2 s
          trace 16 KiB
        }

        lanes input, output

        heap {
          allocate my_alloc(size, _, alignment)
          free "a::b"(pointer)
        }

        frames {
          allocate zeroed Frames.take()
        }

        param K = 1…40
        param L = 8…64 by 8

        at 1000 steps: irq 1
        at start {
          press A
          release A
          nmi
        }
        every 1 ms + 3 us until 20 ms: irq 0
        after serial "ready>" hit 2 + (K + 1) * 2 steps: type "hi{Enter}"
        on symbol Heap.allocate hit K * 2 + L steps every 1 steps 3 times {
          key Ctrl+C
          vector 128
        }
        every random L…2 * L us seed K until symbol "f(x:)": serial COM2 "a\\x00\\n"

        stop after serial COM3 "bye" + 1 steps
        stop on symbol panic
        expect triple fault

        """)
  }

  @Test func printingAndParsingAgainIsTheIdentity() throws {
    for seed in 0..<(_isDebugAssertConfiguration() ? 300 : 5_000) {
      var random = RandomScenario(seed: UInt64(seed))
      let scenario = random.scenario()
      let text = scenario.description
      do {
        let parsed = try Scenario(parsing: text, file: "random")
        #expect(parsed == scenario, "seed \(seed):\n\(text)")
        #expect(parsed.description == text)
      } catch {
        Issue.record("seed \(seed):\n\(text)\n\(error)")
        return
      }
    }
  }

  @Test(arguments: ["", "\n\n", "# nothing", ";;;", "\r\n\t# x\r\n"])
  func anEmptyScenarioIsTheDefault(text: String) throws {
    #expect(try Scenario(parsing: text, file: "f") == Scenario())
  }

  @Test func whereItStandsDoesNotMatterToEquality() throws {
    let compact = try Scenario(parsing: "at 1 ms:nmi;stop at 2ms", file: "a")
    let spread = try Scenario(
      parsing: "\n\n at 0x1   ms {\n nmi\n}\n\n stop at 2 ms # end", file: "b")
    #expect(compact == spread)
    #expect(compact.hashValue == spread.hashValue)
    let others = [
      "at 1 us:nmi;stop at 2ms", "at 1 ms:nmi;stop at 3ms", "at 1 ms:nmi, nmi;stop at 2ms",
    ]
    for other in others { #expect(try Scenario(parsing: other, file: "a") != compact) }
  }
}
