import assert from "node:assert/strict";

import { CredentialCache } from "../../../../cluster/podIdentity/credentialCache";
import { podIdentityTimes } from "../../../../cluster/podIdentity/times";

const hours = 3_600_000;

interface Credentials {
    readonly of: string;
    readonly expiresAt: number;
}

/** A refusal of EKS Auth, or another failure of the call. */
const failure = (name: string) => Object.assign(new Error(`the call failed: ${name}`), { name });

describe("the credentials that a Pod Identity agent holds", () => {
    let now: number;
    let calls: string[];
    /** What EKS Auth answers from now on. */
    let answer: (token: string) => Promise<Credentials>;
    let cache: CredentialCache<Credentials>;
    const validFor = (milliseconds: number) => (of: string) =>
        Promise.resolve({ of: `${of} ${calls.length}`, expiresAt: now + milliseconds });
    const failing = (name: string) => () => Promise.reject(failure(name));

    beforeEach(() => {
        now = 1_000_000;
        calls = [];
        answer = validFor(6 * hours);
        cache = new CredentialCache<Credentials>({
            fetch: (token) => {
                calls.push(token);
                return answer(token);
            },
            times: () => podIdentityTimes,
            now: () => now,
            random: () => 0.5,
        });
    });
    const held = async (token = "one") => (await cache.get(token)).of;
    const after = async (milliseconds: number) => {
        now += milliseconds;
        await cache.sweep();
    };

    // Upstream's cases, by their names there: https://github.com/aws/eks-pod-identity-agent at
    // d4dc0f3fedd795b26ac88755238867a2110c7460, internal/credsretriever/refreshing_cache_test.go
    describe("as upstream's own tests have it:", () => {
        it("it can call the delegate to fetch credentials", async () => assert.equal(await held(), "one 1"));

        it("two equal requests, single call", async () => {
            assert.deepEqual([await held(), await held()], ["one 1", "one 1"]);
            assert.deepEqual(calls, ["one"]);
        });

        it("two different jwts, two calls to server delegate", async () => {
            assert.deepEqual([await held("one"), await held("two"), await held("one")], ["one 1", "two 2", "one 1"]);
        });

        it("calls without error: 16 requests at the same time are one call", async () => {
            const all = await Promise.all(Array.from({ length: 16 }, () => held()));
            assert.deepEqual([new Set(all).size, calls.length], [1, 1]);
        });

        it("error out if ttl is too small", async () => {
            answer = validFor(14_000);
            await assert.rejects(
                held(),
                /fetched credentials are expired or will expire within the next 14\.00 seconds/,
            );
            assert.deepEqual(calls, ["one"]);
        });

        it("bubbles up errors from delegate", () => {
            answer = failing("my special error");
            return assert.rejects(held(), { name: "my special error" });
        });

        it("it calls for a refresh when the credentials get too old", async () => {
            await held();
            await after(3 * hours);
            assert.equal(calls.length, 1);
            await after(1);
            assert.deepEqual([calls.length, await held()], [2, "one 2"]);
        });

        it("it keeps existing credentials if delegate fails to refresh", async () => {
            await held();
            answer = failing("RequestTimeout");
            await after(3 * hours + 1);
            assert.deepEqual([await held(), calls.length], ["one 1", 2]);
            await after(90_000);
            assert.equal(calls.length, 2, "the next attempt comes after a minute and a half");
            await after(1);
            assert.deepEqual([await held(), calls.length], ["one 1", 3]);
        });

        for (const name of [
            "AccessDeniedException",
            "ResourceNotFoundException",
            "ExpiredTokenException",
            "InvalidTokenException",
        ]) {
            it(`it evicts credentials if its an known customer API error -- ${name}`, async () => {
                await held();
                answer = failing(name);
                await after(3 * hours + 1);
                answer = failing("second call");
                await assert.rejects(held(), { name: "second call" });
            });
        }

        it("it does not evict credentials if its an unknown API error", async () => {
            await held();
            answer = failing("InternalServerException");
            await after(3 * hours + 1);
            assert.equal(await held(), "one 1");
        });
    });

    it("are renewed at their end, where that comes before three hours", async () => {
        answer = validFor(1 * hours);
        await held();
        now += 1 * hours - 15_000;
        assert.equal(await held(), "one 2", "the last 15 s are not handed out");
    });

    it("end with their time if they cannot be renewed, and the request then fails", async () => {
        await held();
        answer = failing("RequestTimeout");
        await after(6 * hours - 20_000);
        assert.equal(await held(), "one 1");
        await after(20_001);
        await assert.rejects(held(), { name: "RequestTimeout" });
    });

    it("are those of a role of before until they are renewed, whatever EKS Auth knows", async () => {
        await held();
        answer = (of) => Promise.resolve({ of: `${of} of another role`, expiresAt: now + 6 * hours });
        await after(3 * hours);
        assert.equal(await held(), "one 1");
        await after(1);
        assert.equal(await held(), "one of another role");
    });

    it("are gone with the agent's process", async () => {
        await held();
        cache.clear();
        answer = failing("ResourceNotFoundException");
        await assert.rejects(held(), { name: "ResourceNotFoundException" });
    });
});
