import Foundation
import Testing

@testable import Accounts
import HostSystem
import Identity

@Suite struct HomeRootTests {
  /// T21
  @Test func refusesADirectoryThatSojournDidNotMark() throws {
    let scratch = try Scratch()
    try Files.makeDirectory(scratch("home"), mode: 0o755)
    shell("mkdir \"$1\"/alice; chown 70001:70001 \"$1\"/alice", scratch("home"))
    #expect(throws: SystemError.self) { _ = try HomeRoot.open(scratch("home")).path }
    #expect(throws: SystemError.self) { _ = try HomeRoot.establish(scratch("home")).path }
    #expect(!Files.exists(scratch("home/.sojourn-home-root")))
    // A mark that anybody else made, or a link, is none.
    for making in ["touch \"$1\"; chown 1000 \"$1\"", "touch \"$1\"; chmod 666 \"$1\"", "ln -s /etc/passwd \"$1\"", "mkdir \"$1\""] {
      shell("rm -rf \"$1\"; " + making, scratch("home/.sojourn-home-root"))
      #expect(throws: SystemError.self, "\(making)") { _ = try HomeRoot.open(scratch("home")).path }
    }
    try Files.link(scratch("link"), to: scratch("home"))
    shell("rm -rf \"$1\"/home/.s*; echo > \"$1\"/home/.sojourn-home-root; chmod 644 \"$1\"/home/.s*", scratch.path)
    _ = try HomeRoot.open(scratch("home")).path
    #expect(throws: SystemError.self) { _ = try HomeRoot.open(scratch("link")).path }
    shell("chmod 777 \"$1\"", scratch("home"))
    #expect(throws: SystemError.self) { _ = try HomeRoot.open(scratch("home")).path }
    #expect(Files.exists(scratch("home/alice")))
  }

  @Test func isMadeWholeOrNotAtAll() throws {
    let scratch = try Scratch()
    // What a power cut left of an earlier making.
    try Files.makeDirectory(scratch("home.new"), mode: 0o711)
    _ = try HomeRoot.establish(scratch("home")).path
    _ = try HomeRoot.establish(scratch("home")).path
    #expect(shell("stat -c '%a %u' \"$1\" \"$1\"/.sojourn-home-root | tr '\\n' ' '", scratch("home")) == "711 0 444 0 ")
    #expect(!Files.exists(scratch("home.new")))
    #expect(throws: SystemError.self) { _ = try HomeRoot.open(scratch("none")).path }
    #expect(!Files.exists(scratch("none")))
  }

  @Test func copiesASkeletonAndGivesItToItsOwner() throws {
    let scratch = try Scratch()
    shell(
      """
      mkdir -p "$1"/skel/.config/deep; cd "$1"/skel; echo hello > .profile; chmod 640 .profile; echo x > .config/deep/x; chmod 4755 .config/deep/x
      ln -s /etc/shadow link; ln -s ../../../../etc relative; mkfifo pipe; mknod null c 1 3; touch "$(printf 'bad\\377name')"; ln .profile hard; chmod 2775 .config
      """, scratch.path)
    let root = try HomeRoot.establish(scratch("home"))
    let alice = try Sample.name("alice")
    try root.make(alice, uid: 70_001, skeleton: scratch("skel"))
    let seen = shell("cd \"$1\" && find . -printf '%P %y %m %u %l\\n' | LC_ALL=C sort | tr '\\377' '?'", scratch("home/alice"))
    #expect(seen == """
       d 700 70001 
      .config d 775 70001 
      .config/deep d 755 70001 
      .config/deep/x f 755 70001 
      .profile f 640 70001 
      bad?name f 644 70001 
      hard f 640 70001 
      link l 777 70001 /etc/shadow
      relative l 777 70001 ../../../../etc

      """)
    #expect(try root.owner(of: alice) == 70_001)
    #expect(throws: SystemError.self) { try root.make(alice, uid: 70_001, skeleton: scratch("skel")) }
    #expect(try root.homes() == [alice])
    let report = try root.remove(alice, uid: 70_001)
    #expect(report.left == [])
    #expect(try !root.holds(alice, uid: 70_001))
    #expect(shell("ls -A \"$1\"", scratch("home")) == ".sojourn-home-root\n")
    #expect(Files.exists("/etc/shadow"))
  }

  @Test func aSkeletonThatIsTooMuchOrNotThereMakesNoHome() throws {
    let scratch = try Scratch()
    let root = try HomeRoot.establish(scratch("home"))
    let alice = try Sample.name("alice")
    shell(
      """
      cd "$1"; mkdir big many deep; head -c 17000000 /dev/zero > big/file; for i in $(seq 1001); do : > many/$i; done
      mkdir -p deep/1/2/3/4/5/6/7/8/9; mkdir two; head -c 9000000 /dev/zero > two/a; cp two/a two/b; mkdir real; ln -s real linked
      """, scratch.path)
    for skeleton in ["big", "many", "deep", "two", "linked", "none"] {
      #expect(throws: SystemError.self, "\(skeleton)") { try root.make(alice, uid: 70_001, skeleton: scratch(skeleton)) }
      #expect(shell("ls -A \"$1\"", scratch("home")) == ".sojourn-home-root\n")
    }
  }

  @Test func halfMadeHomesAreCleanedAndNothingElse() throws {
    let scratch = try Scratch()
    let root = try HomeRoot.establish(scratch("home"))
    shell("cd \"$1\"; mkdir -p .new-alice/a/b bob; chown -R 70001 .new-alice; chown 70002 bob; mkdir -m 700 .sojourn-trash-70003-00; touch .sojourn-trash-70003-00/x", scratch("home"))
    #expect(try root.clean().left == [])
    #expect(shell("ls -A \"$1\" | tr '\\n' ' '", scratch("home")) == ".sojourn-home-root .sojourn-trash-70003-00 bob ")
    #expect(try root.unfinished() == [70_003])
    // A half-made home of the same name is no obstacle.
    shell("mkdir -p \"$1\"/.new-alice/x \"$1\"-skel", scratch("home"))
    try root.make(try Sample.name("alice"), uid: 70_001, skeleton: scratch("home-skel"))
    #expect(try root.owner(of: try Sample.name("alice")) == 70_001)
  }

  @Test func onlyADirectoryOfTheUidIsRemoved() throws {
    let scratch = try Scratch()
    let root = try HomeRoot.establish(scratch("home"))
    shell("cd \"$1\"; mkdir bob; chown 70002 bob; touch carol; chown 70001 carol; ln -s /etc dave; chown -h 70001 dave", scratch("home"))
    for name in ["bob", "carol", "dave"] {
      let report = try root.remove(try Sample.name(name), uid: 70_001)
      #expect(report.removed == 0 && report.left.count == 1, "\(name)")
      #expect(Files.exists(scratch("home/" + name)))
    }
    #expect(try root.remove(try Sample.name("nobodyhere"), uid: 70_001).left == [])
  }
}
