"""A script with one of everything that a running Nuke tells in another way than a file."""

SCRIPT = r"""Root {
 fps 25
 format "1920 1080 0 0 1920 1080 1 HD"
 onScriptLoad "print('loaded')"
}
Read {
 inputs 0
 file "/plates/\[python \{1/0\}].####.exr"
 name Read1
 label "the plate"
 xpos 40
 ypos -120
}
set N1 [stack 0]
Grade {
 white {{curve x1 1 x10 2}}
 name Grade1
 disable {{frame>10}}
}
clone $N1 {
 inputs 0
 xpos 300
}
Merge2 {
 inputs 2
 name Merge1
}
Group {
 name Group1
 onCreate "print(1)"
 addUserKnob {20 User}
 addUserKnob {22 go l "Go!" -STARTLINE T "nuke.message('x')"}
 addUserKnob {41 size T Blur1.size}
}
 Input {
  inputs 0
  name Input1
 }
 Blur {
  name Blur1
 }
 set N2 [stack 0]
clone $N2 {
 }
 Group {
  name Inner
 }
  Dot {
   name Dot1
  }
 end_group
end_group
Viewer {
 name Viewer1
}
BackdropNode {
 inputs 0
 name BackdropNode1
 label Key
}
StickyNote {
 inputs 0
 name StickyNote1
}
"""
