import type { RecordedEvent } from "./recording";

type StsEvent = Extract<RecordedEvent, { kind: "stsCutOff" | "stsBack" | "stsRefuses" }>;

/** Which nodes get credentials from STS: one that cannot reach it gets none, and none does while STS refuses. */
export class StsReach {
    private refuses = false;
    private allCutOff = false;
    /** The nodes that differ from the others, or that a later event names once more. */
    private readonly named = new Map<string, "cutOff" | "back">();

    public apply(event: StsEvent): void {
        switch (event.kind) {
            case "stsRefuses":
                this.refuses = event.refuses;
                break;
            case "stsBack":
                event.nodes.forEach((node) => this.named.set(node, "back"));
                break;
            case "stsCutOff":
                this.cutOff(event.nodes);
        }
    }

    private cutOff(nodes: "none" | "all" | readonly string[]): void {
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
