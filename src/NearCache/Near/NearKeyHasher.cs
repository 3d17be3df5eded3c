using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace NearCache.Near;

/// <summary>Hashes keys for the <see cref="NearMap"/>, with a seed of its own in each process.</summary>
/// <remarks>
/// Uses the folded multiplication of wyhash (Wang Yi, https://github.com/wangyi-fudan/wyhash, version 4): one multiplication of 64 by 64
/// bits for each 16 bytes. The secrets are random in each process, so that an attacker cannot choose keys that share a bucket.
/// </remarks>
internal static class NearKeyHasher
{
    private static readonly ulong First = Secret();
    private static readonly ulong Second = Secret();

    /// <summary>Returns the hash of a key.</summary>
    /// <param name="head">The first two characters as a number.</param>
    /// <param name="rest">The other characters.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(uint head, ReadOnlySpan<char> rest)
    {
        ref var start = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(rest));
        var length = (nuint)rest.Length * sizeof(char);
        var seed = First ^ head ^ ((ulong)length << 32);
        ulong low, high;
        if (length > 16)
        {
            nuint at = 0;
            for (; at + 16 < length; at += 16)
            {
                seed = Fold(Word(ref start, at) ^ Second, Word(ref start, at + 8) ^ seed);
            }

            (low, high) = (Word(ref start, length - 16), Word(ref start, length - 8));
        }
        else if (length >= 8)
        {
            (low, high) = (Word(ref start, 0), Word(ref start, length - 8));
        }
        else
        {
            (low, high) = (0, 0);
            foreach (var letter in rest)
            {
                low = (low << 16) | letter;
            }
        }

        return (uint)Fold(low ^ Second, high ^ seed);
    }

    private static ulong Word(ref byte start, nuint at) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at));

    // Two multiplications: the compiler stores the low half of a single one in memory, which delays each step of the hash.
    private static ulong Fold(ulong a, ulong b) =>
        (Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) : Math.BigMul(a, b, out _)) ^ (a * b);

    // Odd, so never 0.
    private static ulong Secret() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;
}
