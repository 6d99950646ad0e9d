import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { addOnGivesUpStep } from "../decide/addOnGivesUp";
import { deliverySecondsOf } from "../decide/addOnSteps";
import { type GiveBackTarget, nextGiveBackStep } from "../decide/giveBack";
import { isBusy } from "../model/addOn";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Timeouts } from "../model/subject";
import type { World } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { seeingAddOn } from "../observe/seeingAddOn";
import { reach } from "./loop";

export interface LeavingInputs {
    readonly record: HandOverRecord;
    /** The annotations with which the pods work now. Empty if they use the node roles. */
    readonly keeping: Readonly<Record<string, string>>;
    /** The policies that the node roles get again first. */
    readonly giveBack: GiveBackTarget;
    readonly iamPropagationSeconds: number;
    readonly timeouts: Timeouts;
}

/**
 * Whether an update takes the role of the component away from the managed add-on before the pods move: it delivers another role, or in another way. In a
 * move to Pod Identity, the add-on keeps the role until each pod has the credentials of the association (decide/releaseAnnotation.ts).
 */
export function leavesAddOn(
    { addOnDelivered }: Pick<HandOverRecord, "addOnDelivered">,
    { delivery }: RunContext["subject"],
    isAnotherRole: boolean,
): boolean {
    return (
        addOnDelivered === true &&
        delivery !== "external" &&
        delivery !== "podIdentity" &&
        (isAnotherRole || delivery === undefined)
    );
}

/**
 * The managed add-on gives up the role of the component, and the pods keep it: first the node roles get their policies again, since EKS may remove
 * the annotation, and restart the pods, in the same update.
 */
export async function leaveAddOn(
    context: RunContext,
    { record, keeping, giveBack, iamPropagationSeconds, timeouts }: LeavingInputs,
): Promise<void> {
    const target = {
        subject: context.subject,
        record,
        deliverySeconds: deliverySecondsOf(timeouts),
        iamPropagationSeconds,
        givesUp: (roleArn: string) => record.approvedRoleArns.includes(roleArn) && !staysDelivered(context, roleArn),
        keeping: keeping[ROLE_ARN_ANNOTATION] === undefined ? undefined : keeping,
        frees: context.subject.delivery === undefined,
    };
    const next = (world: World, memory: Memory): Step => {
        const { addOn } = world.account;
        const carried = addOn?.is === "there" && !isBusy(addOn) ? addOn.roleArn : undefined;
        if (target.frees && carried !== undefined && !target.givesUp(carried)) {
            // The update to eksAddon has not come so far. The component's annotation would not stay beside the one of the add-on.
            return { do: "refuse", refusal: refusals.addOnHasRole(carried) };
        }
        const first = nextGiveBackStep(giveBack, world, memory);
        return giveBack.roleNames.length > 0 && first.do !== "done"
            ? first
            : (addOnGivesUpStep(target, world, memory) ?? {
                  do: "done",
                  why: "the managed add-on no longer carries the role of before",
              });
    };
    await reach(
        { ...seeingAddOn(context, true), roleNames: giveBack.roleNames },
        {
            what: "Taking the role from the managed add-on",
            next,
            limitSeconds: target.deliverySeconds,
            limitArgument: "timeouts.deliverySeconds",
        },
    );
}

function staysDelivered({ subject }: RunContext, roleArn: string): boolean {
    return subject.delivery === "eksAddon" && roleArn === subject.roleArn;
}
