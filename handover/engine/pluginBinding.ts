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
        const { id, state } = await this.liveCheck(urn).create(properties, this.operation(urn));
        return { id, outs: wrapSecrets(state, secrets) };
    }

    public async update(_id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.UpdateResult> {
        const { properties, secrets } = unwrapSecrets(news);
        const before = unwrapSecrets(olds).properties;
        return {
            outs: wrapSecrets(await this.liveCheck(urn).update(before, properties, this.operation(urn)), secrets),
        };
    }

    public async read(id: string, urn: string, state: object = {}): Promise<pulumi.provider.ReadResult> {
        const { properties, secrets } = unwrapSecrets(state);
        // With an empty ID, the engine would drop the resource from the state, and the record with it.
        return { id, props: wrapSecrets(await this.liveCheck(urn).read(properties, this.operation(urn)), secrets) };
    }

    public delete(_id: string, urn: string, state: object): Promise<void> {
        return this.liveCheck(urn).delete(unwrapSecrets(state).properties, this.operation(urn));
    }

    /** The engine does not show a plugin's standard output. It shows log lines with a URN next to the resource. */
    private operation(urn: string): OperationContext {
        const resource = new pulumi.DependencyResource(urn);
        return {
            progress: (line) => void pulumi.log.info(line, resource),
            warn: (line) => void pulumi.log.warn(line, resource),
            cancelled: this.cancelling.signal,
            turningOff: (fieldManager) => readNote(fieldManager, enginePort(process.argv)),
        };
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
