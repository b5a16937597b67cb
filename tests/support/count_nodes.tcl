# Counts the node blocks and links of a Nuke script with TCL's own parser: a second opinion for the tests.
# Prints `CLASS<TAB>COUNT` lines, and `links<TAB>N` last. Nothing of the script is evaluated.
set ignored {version define_window_layout define_window_layout_xml add_layer}

proc commands {path} {
    set file [open $path rb]
    set text [read $file]
    close $file
    if {[string range $text 0 2] eq "\xef\xbb\xbf"} { set text [string range $text 3 end] }
    set found {}
    set buffer ""
    foreach line [split $text \n] {
        if {$buffer eq "" && ([string trim $line] eq "" || [string index [string trimleft $line] 0] eq "#")} continue
        append buffer $line \n
        # Only a closing brace or quote can complete what was incomplete a line before.
        if {$buffer ne "$line\n" && ![regexp {[\}"]} $line]} continue
        if {[info complete $buffer]} {
            lappend found $buffer
            set buffer ""
        }
    }
    return $found
}

set stack {}
set outer {}
set links 0
foreach command [commands [lindex $argv 0]] {
    set head [lindex $command 0]
    set named ""
    if {$head in $ignored} continue
    if {$head eq "end_group"} {
        set stack [lindex $outer end]
        set outer [lrange $outer 0 end-1]
        continue
    } elseif {$head eq "push"} {
        set name [string range [lindex $command 1] 1 end]
        lappend stack [expr {[info exists classes($name)] ? $classes($name) : ""}]
        continue
    } elseif {$head eq "set"} {
        set classes([lindex $command 1]) [lindex $stack end]
        continue
    } elseif {$head eq "clone" && [llength $command] == 4} {
        set class [lindex $command 2]
        set named [lindex $command 1]
        set shown "clone $class"
    } elseif {$head eq "clone"} {
        set name [string trimleft [lindex $command 1] \$]
        set class [expr {[info exists classes($name)] && $classes($name) ne "" ? $classes($name) : "?"}]
        set shown "clone $class"
    } elseif {[llength $command] == 2} {
        set class $head
        set shown $head
    } else continue
    incr count($shown)
    if {$class eq "Root"} continue
    set inputs 1
    foreach {knob value} [lindex $command end] { if {$knob eq "inputs"} { set inputs $value } }
    foreach part [split $inputs +] {
        for {set i 0} {$i < $part && [llength $stack]} {incr i} {
            if {[lindex $stack end] ne ""} { incr links }
            set stack [lrange $stack 0 end-1]
        }
    }
    lappend stack $class
    if {$named ne ""} { set classes($named) $class }
    if {$class in {Group Gizmo} && $head ne "clone"} {
        lappend outer $stack
        set stack {}
    }
}
foreach class [lsort [array names count]] { puts "$class\t$count($class)" }
puts "links\t$links"
