import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { type History, valueAt } from "./history";

/** A service account of the model. The plugin may move from one to another. */
export class ModelServiceAccount {
    public annotations: Record<string, string> = {};
    /** The field manager that owns the role annotation. */
    public owner: string | undefined;
    /** Whether the component's run wrote the annotations last, and not another party. */
    public isOwnWrite = false;
    private readonly annotated: History<string | undefined> = [{ at: 0, value: undefined }];

    public constructor(public readonly uid: string) {}

    public annotate(
        at: number,
        annotations: Record<string, string>,
        owner: string | undefined,
        isOwnWrite: boolean,
    ): void {
        const { [ROLE_ARN_ANNOTATION]: roleArn } = annotations;
        this.annotations = annotations;
        this.isOwnWrite = isOwnWrite;
        this.owner = roleArn === undefined ? undefined : owner;
        this.annotated.push({ at, value: roleArn });
    }

    /** The role that a webhook gives to a pod if its cache is from this time. */
    public roleAt(at: number): string | undefined {
        return valueAt(this.annotated, at);
    }
}
