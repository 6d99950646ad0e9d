export interface Played {
    readonly problems: readonly string[];
    readonly log: readonly string[];
}
