import * as pulumi from "@pulumi/pulumi";
import type { OperationContext } from "../observe/runContext";
import { enginePort, readNote } from "./runNotes";
import { isLiveCheckName, LiveCheckProvider, liveCheckProvider } from "./liveCheckProvider";
import { unwrapSecrets, wrapSecrets } from "./secretWrappers";

/** The engine binding of the provider plugin: serves the live checks as the package's own custom resources. */
export class PluginBinding implements pulumi.provider.Provider {
    private readonly cancelling = new AbortController();

    public constructor(public readonly version: string) {}

    /** The engine calls this on the first Ctrl-C, and then waits for the operations in progress. */
    public cancel(): Promise<void> {
        this.cancelling.abort();
        return Promise.resolve();
    }

    public diff(_id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.DiffResult> {
        const changes = this.liveCheck(urn).changes(unwrapSecrets(olds).properties, unwrapSecrets(news).properties);
        return Promise.resolve({ changes });
    }

    public async create(urn: string, inputs: object): Promise<pulumi.provider.CreateResult> {
        const { properties, secrets } = unwrapSecrets(inputs);
        const { id, state } = await this.shown(urn, (operation) => this.liveCheck(urn).create(properties, operation));
        return { id, outs: wrapSecrets(state, secrets) };
    }

    public async update(_id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.UpdateResult> {
        const { properties, secrets } = unwrapSecrets(news);
        const before = unwrapSecrets(olds).properties;
        const update = (operation: OperationContext) => this.liveCheck(urn).update(before, properties, operation);
        return { outs: wrapSecrets(await this.shown(urn, update), secrets) };
    }

    public async read(id: string, urn: string, state: object = {}): Promise<pulumi.provider.ReadResult> {
        const { properties, secrets } = unwrapSecrets(state);
        const read = (operation: OperationContext) => this.liveCheck(urn).read(properties, operation);
        // With an empty ID, the engine would drop the resource from the state, and the record with it.
        return { id, props: wrapSecrets(await this.shown(urn, read), secrets) };
    }

    public delete(_id: string, urn: string, state: object): Promise<void> {
        const { properties } = unwrapSecrets(state);
        return this.shown(urn, (operation) => this.liveCheck(urn).delete(properties, operation));
    }

    /**
     * Runs an operation, and ends once the engine has its lines. The engine does not show a plugin's standard output. It shows log lines
     * with a URN next to the resource. It receives them over another connection than the result, which could otherwise arrive first.
     */
    private async shown<Result>(urn: string, run: (operation: OperationContext) => Promise<Result>): Promise<Result> {
        const resource = new pulumi.DependencyResource(urn);
        // The SDK sends one line after the other, so the last one is enough. It does not reject.
        let lastLine = Promise.resolve();
        try {
            return await run({
                progress: (line) => void (lastLine = pulumi.log.info(line, resource)),
                warn: (line) => void (lastLine = pulumi.log.warn(line, resource)),
                cancelled: this.cancelling.signal,
                turningOff: (fieldManager) => readNote(fieldManager, enginePort(process.argv)),
            });
        } finally {
            await lastLine;
        }
    }

    /** The live check of a URN, `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`, by its type. */
    private liveCheck(urn: string): LiveCheckProvider {
        const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
        const [, kind = ""] = /^eks-cni:index:(\w+)$/.exec(type) ?? [];
        const name = kind.charAt(0).toLowerCase() + kind.slice(1);
        if (!isLiveCheckName(name)) {
            throw new Error(
                `eks-cni ${this.version} has no resource ${type}: a newer version has written this state. ` +
                    "Install that version or a later one: npm install eks-cni@latest",
            );
        }
        return liveCheckProvider(name);
    }
}
