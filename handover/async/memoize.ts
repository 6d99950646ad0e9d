/** The same promise for everybody who asks; one that fails is not kept. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
    const made = keyed(make);
    return () => made("");
}

/** The same promise for everybody who asks by the same key; one that fails is not kept, nor one that finds nothing. */
export function keyed<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
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
