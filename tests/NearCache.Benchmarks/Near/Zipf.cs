namespace NearCache.Benchmarks.Near;

/// <summary>
/// Zipf-distributed numbers from 0 up: the probability of the n-th is proportional to 1 ÷ n^<paramref name="exponent"/>. The
/// sequence is the same in every run.
/// </summary>
internal sealed class Zipf(int count, double exponent)
{
    private readonly Random _random = new(1);
    private readonly double[] _sums = Sums(count, exponent);

    public int Next()
    {
        var at = Array.BinarySearch(_sums, _random.NextDouble() * _sums[^1]);
        return at < 0 ? ~at : at;
    }

    private static double[] Sums(int count, double exponent)
    {
        var sums = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            sum += Math.Pow(i + 1, -exponent);
            sums[i] = sum;
        }

        return sums;
    }
}
