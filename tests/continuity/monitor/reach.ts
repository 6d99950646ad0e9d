/** Which nodes get an answer from a service: one that cannot reach it gets none, and none does while the service refuses. */
export class Reach {
    private refuses = false;
    private allCutOff = false;
    /** The nodes that differ from the others, or that a later event names once more. */
    private readonly named = new Map<string, "cutOff" | "back">();

    public setRefuses(refuses: boolean): void {
        this.refuses = refuses;
    }

    public back(nodes: readonly string[]): void {
        nodes.forEach((node) => this.named.set(node, "back"));
    }

    public cutOff(nodes: "none" | "all" | readonly string[]): void {
        if (nodes === "none" || nodes === "all") {
            this.allCutOff = nodes === "all";
            this.named.clear();
        } else {
            nodes.forEach((node) => this.named.set(node, "cutOff"));
        }
    }

    public isOpenTo(node: string): boolean {
        const named = this.named.get(node);
        return !this.refuses && (named === undefined ? !this.allCutOff : named === "back");
    }
}
