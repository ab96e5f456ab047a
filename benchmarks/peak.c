/* peak.c - as many multiply-adds a second as one core can do, of the type `real`.
 *
 * Compiled when a race begins, for the processor in hand: -O3 -march=native -Dreal=float|double.
 * Each chain waits for itself alone, and CHAINS of them hide the latency of two units of four or
 * five cycles. The values settle at add / (1 - factor): no overflow, no denormals.
 */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

enum { CHAINS = 12, LANES = VECTOR_BYTES / sizeof(real) };

typedef real vec __attribute__((vector_size(VECTOR_BYTES)));

/* Does `steps` multiply-adds in each lane of each chain; returns something of them all. */
real run_chains(long steps, real factor, real add)
{
    const vec f = factor - (vec){0}, a = add - (vec){0};
    vec chain[CHAINS], all = {0};
    for (int i = 0; i < CHAINS; i++) chain[i] = a * (real)i;
    for (long s = 0; s < steps; s++)
        for (int i = 0; i < CHAINS; i++) chain[i] = chain[i] * f + a;
    for (int i = 0; i < CHAINS; i++) all += chain[i];
    real sum = 0;
    for (int i = 0; i < (int)LANES; i++) sum += all[i];
    return sum;
}

/* Floating-point operations of one step. */
long step_flops(void)
{
    return 2 * CHAINS * (long)LANES;
}
