/** The lines of a plan, in a page or as printed, without the names that differ from one cluster to another. A page may break lines. */
export function planIn(text: string): string[] {
    return text
        .replaceAll(/<\{%\w+%\}>/g, "")
        .replaceAll(/\n +(?!\[)(?=\S)/g, " ")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => /^\[[a-z-]+\] /.test(line))
        .map((line) => line.replaceAll(/\baws-node-\w{5}\b/g, "POD").replaceAll(/\bip-[\w.-]+\w/g, "NODE"))
        .map((line) => line.replace(/^(\[guard\] The admission policy) \S+/, "$1 NAME"));
}
