/** Calls `make` once and gives every caller the same promise. A rejected promise is not kept. */
export function memoize<T>(make: () => Promise<T>): () => Promise<T> {
    const made = memoizeByKey(make);
    return () => made("");
}

/** The same for each key. A promise of undefined (nothing was found) is not kept either. */
export function memoizeByKey<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
    const made = new Map<string, Promise<T>>();
    return (key) => {
        const known = made.get(key);
        if (known !== undefined) {
            return known;
        }
        const fresh = make(key);
        made.set(key, fresh);
        const forget = () => made.delete(key);
        fresh.then((value) => value === undefined && forget(), forget);
        return fresh;
    };
}
