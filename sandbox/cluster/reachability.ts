/** Whether something can be reached from each node. A later statement about all nodes replaces those about some of them. */
export class Reachability {
    private ofAll = true;
    private readonly ofNode = new Map<string, boolean>();

    /** Without nodes: from all of them, also those that join later. */
    public set(isReachable: boolean, nodes?: readonly string[]): void {
        if (nodes === undefined) {
            this.ofAll = isReachable;
            this.ofNode.clear();
        } else {
            nodes.forEach((node) => this.ofNode.set(node, isReachable));
        }
    }

    public isReachableFrom(node: string): boolean {
        return this.ofNode.get(node) ?? this.ofAll;
    }
}
