import * as pulumi from "@pulumi/pulumi";

/** Gives each test of the suite an engine at this address, to which nothing is sent. Later suites have none. */
export function withEngine(address: string): void {
    beforeEach(() => startRun(address));
    afterEach(() => {
        // Mocks keep the engine, the project and the stack of before.
        pulumi.runtime.resetOptions("", "", -1, "", "", false, "");
        return pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) });
    });
}

/** Begins a run of the engine at this address. */
export function startRun(address: string, preview = false): void {
    pulumi.runtime.resetOptions("network", "production", 1, address, "", preview, "");
}

/** The hook of a binding's operation. The engine at the address does not register it. */
export function hookOf(hooks: unknown): pulumi.ResourceHook {
    const [hook] = hooks as readonly (pulumi.ResourceHook & { readonly __registered: Promise<void> })[];
    if (hook === undefined) {
        throw new Error("there is no hook");
    }
    hook.__registered.catch(() => undefined);
    return hook;
}
