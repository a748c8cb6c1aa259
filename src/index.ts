/** The bundle's entry: each import registers one function. */
import './functions/onRegistryPush.ts';
import './functions/watchUpstream.ts';
import './functions/advance.ts';
import './functions/sweep.ts';
import './functions/drift.ts';
