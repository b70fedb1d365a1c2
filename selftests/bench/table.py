# SPDX-License-Identifier: GPL-2.0
"""Writes the results of `make bench`: a table for people, 100 columns wide, and the same
numbers separated by tabs.
"""
import math
import os

import measure

REFERENCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.tsv")
MIB = 1 << 20


def reference():
    """reference.tsv: {item: (native, Xen)} in executed instructions."""
    found = {}
    with open(REFERENCE, encoding="utf-8") as f:
        for line in f:
            if not line.startswith(("#", "item\t")):
                item, native, xen = line.split("\t")[:3]
                found[item] = float(native), float(xen)
    return found


def mean(ratios):
    """Geometric mean."""
    return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios)) if ratios else math.nan


def rows(results):
    """Items: (name, native, guest, ratio, Xen's ratio or None, events)."""
    native, guest, events = results["items"]
    xen = {item: pair[1] / pair[0] for item, pair in reference().items()}
    return [(item, native[item], guest[item], guest[item] / native[item], xen.get(item),
             events.get(item, {}))
            for item in native if item in guest and native[item] > 0 and guest[item] > 0]


def counted(rows_of_items):
    """Those in the mean: the items that the reference has. The others measure the
    emulated CPU rather than a system."""
    return [row for row in rows_of_items if row[4] is not None]


def event(number):
    """A count per operation in at most seven characters; nothing for none."""
    if number is None or number < 0.005:
        return "."
    return "%.2f" % number if number < 100 else "%.0f" % number


def items_text(results):
    """The items."""
    lines = ["Executed instructions per operation, stock kernel %s natively and as a guest; Xen: ratio"
             % measure.GUEST,
             "of the same kernel and program under Xen 4.17 PV in the same emulated machine. Events per",
             "operation in the guest: world switches, CR3 writes, TLB flushes and INVLPGs, hypercalls,",
             "bounces into the guest's kernel, page faults taken, emulated instructions.", "",
             "%-16s %10s %10s %6s %6s" % ("item", "native", "guest", "ratio", "Xen") +
             "".join(" %6s" % column for column in measure.EVENTS)]
    all_rows = rows(results)
    for item, native, guest, ratio, xen, events in all_rows:
        lines.append("%-16s %10.0f %10.0f %6.2f %6s" % (
            item, native, guest, ratio, "%.2f" % xen if xen else "-") +
            "".join(" %6s" % event(events.get(column)) for column in measure.EVENTS))
    in_mean = counted(all_rows)
    lines.append("%-38s %6.2f %6.2f" % ("geometric mean of %d items with Xen's" % len(in_mean),
                                        mean([row[3] for row in in_mean]),
                                        mean([row[4] for row in in_mean])))
    return lines


def switch_text(switch):
    """The world switch."""
    lines = ["%-38s %7s %7s %7s %7s %7s" % ("instructions per hypercall", "total", "guest",
                                           "monitor", "pvhv.ko", "kernel")]
    for name, text in (("stay", "xen_version, stays in the monitor"),
                       ("leave", "SCHEDOP_yield, leaves for the host")):
        part = switch[name]
        lines.append("%-38s %7.0f %7.0f %7.0f %7.0f %7.0f" % (
            text, part["total"], part["guest"], part["monitor"], part["module"], part["kernel"]))
    leave, stay = switch["leave"], switch["stay"]
    lines.append("world switch there and back: %.0f (monitor + pvhv.ko of the second), %.0f beyond a"
                 % (there_and_back(switch), there_and_back(switch) - stay["monitor"]))
    lines.append("hypercall that stays; kernel: yield() in the host's scheduler, %.0f" % leave["kernel"])
    return lines


def there_and_back(switch):
    """What leaving and coming back takes without the host's scheduler."""
    return switch["leave"]["monitor"] + switch["leave"]["module"]


def boot_text(boot):
    """Boot."""
    rest = boot["guest"] - boot["p2m"]
    return ["boot, kernel's entry to /init, %d MiB, million instructions: native %.1f, guest %.1f,"
            % (measure.BOOT_MEMORY, boot["native"] / 1e6, boot["guest"] / 1e6),
            "ratio %.2f; of the guest's %.1f in the monitor, and %.1f in xen_vmalloc_p2m_tree, the stock"
            % (boot["guest"] / boot["native"], boot["monitor"] / 1e6, boot["p2m"] / 1e6),
            "kernel's loop over the 512 GiB it is configured for; ratio without that loop %.2f"
            % (rest / boot["native"])]


def memory_text(memory):
    """Memory."""
    return ["host memory of an idle guest of %d MiB beyond its RAM: %.2f MiB (page-table pool %d pages);"
            % (measure.IDLE_MEMORY, memory["overhead"] / MIB, memory["pool_pages"]),
            "free memory fell by %.2f MiB more than its RAM, with pvctl's own and the kernel's for it"
            % (memory["taken"] / MIB)]


def size_text(size):
    """Sizes."""
    return ["pvhv.ko: text %d, data %d, bss %d bytes; the monitor's image in it %d bytes"
            % (size["text"], size["data"], size["bss"], size["monitor"]),
            "lines of module/: %d (shared %d, monitor %d, host %d)"
            % tuple(size[key] for key in ("lines", "lines_shared", "lines_monitor", "lines_host"))]


def text(results):
    """Everything for people."""
    writers = {"items": lambda items: items_text(results), "switch": switch_text, "boot": boot_text,
               "memory": memory_text, "size": size_text}
    blocks = ["\n".join(write(results[part])) for part, write in writers.items() if part in results]
    return "\n\n".join(blocks) + "\n"


def figures(results):
    """What is one number: (name, value)."""
    found = []
    for name in ("stay", "leave"):
        found += [("switch_%s_%s" % (name, part), value)
                  for part, value in results.get("switch", {}).get(name, {}).items()]
    if "switch" in results:
        found.append(("switch_there_and_back", there_and_back(results["switch"])))
    if "boot" in results:
        boot = results["boot"]
        found += [("boot_" + name, value) for name, value in boot.items()]
        found += [("boot_ratio", boot["guest"] / boot["native"]),
                  ("boot_ratio_without_p2m", (boot["guest"] - boot["p2m"]) / boot["native"])]
    found += [("idle_" + name, value) for name, value in results.get("memory", {}).items()]
    found += [("size_" + name, value) for name, value in results.get("size", {}).items()]
    if "items" in results:
        in_mean = counted(rows(results))
        found += [("mean_ratio", mean([row[3] for row in in_mean])),
                  ("mean_xen_ratio", mean([row[4] for row in in_mean]))]
    return found


def tsv(results):
    """Everything for programs: lines "item ..." and "figure NAME VALUE"."""
    lines = ["\t".join(["#item", "name", "native", "guest", "ratio", "xen_ratio"] + list(measure.EVENTS))]
    for name, native, guest, ratio, xen, events in rows(results) if "items" in results else []:
        lines.append("\t".join(["item", name, "%.2f" % native, "%.2f" % guest, "%.4f" % ratio,
                                "%.4f" % xen if xen else ""] +
                               ["%.4f" % events.get(column, math.nan) for column in measure.EVENTS]))
    lines += ["#figure\tname\tvalue"]
    lines += ["figure\t%s\t%.6g" % (name, value) if isinstance(value, float)
              else "figure\t%s\t%d" % (name, value) for name, value in figures(results)]
    return "\n".join(lines) + "\n"
