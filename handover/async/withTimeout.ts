/** Rejects with the error of `late` when the time is up. The work itself continues, and its result is ignored. */
export async function withTimeout<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const end = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late()), milliseconds);
    });
    try {
        return await Promise.race([work, end]);
    } finally {
        clearTimeout(timer);
    }
}
