/** Every function's handler. The bundle keeps them, and all that they need, in files that are read at the first call. */

export { showHealth } from '../api/show-health.ts';
export { onMessage } from './advance.ts';
export { onApprove } from './approve.ts';
export { onCancel } from './cancel.ts';
export { onDriftTimer } from './drift.ts';
export { onExpedite } from './expedite.ts';
export { onGetRun } from './getRun.ts';
export { onHold } from './hold.ts';
export { onHoldImage } from './holdImage.ts';
export { onListImages } from './listImages.ts';
export { onListRuns } from './listRuns.ts';
export { onRegistryPush } from './onRegistryPush.ts';
export { onReimport } from './reimport.ts';
export { onReject } from './reject.ts';
export { onResume } from './resume.ts';
export { onResumeImage } from './resumeImage.ts';
export { onRetry } from './retry.ts';
export { onRollback } from './rollback.ts';
export { onSweepTimer } from './sweep.ts';
export { onUnblock } from './unblock.ts';
export { onWatchTimer } from './watchUpstream.ts';
