/** How much longer something takes on a cluster of twice the size, from the seconds by number of nodes. */
export function doublings(seconds: ReadonlyMap<number, number>): { readonly nodes: number; readonly times: number }[] {
    return [...seconds].flatMap(([nodes, taken]) => {
        const ofTwice = seconds.get(2 * nodes);
        return ofTwice === undefined ? [] : [{ nodes, times: ofTwice / taken }];
    });
}
