using NearCache;

await using var cache = new NearCacheClient(new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } });

await cache.SetAsync("product:1", "A yellow raincoat");
await cache.SetAsync("basket:anna", "One yellow raincoat");
Show("the first read of product:1", await cache.GetAsync<string>("product:1"));   // Remote
Show("the second", await cache.GetAsync<string>("product:1"));                    // Near: a rule matches it
Show("a basket, however often", await cache.GetAsync<string>("basket:anna"));     // Remote: no rule matches it
Show("what was not there", await cache.GetOrCreateResultAsync("product:2", _ => ValueTask.FromResult("An umbrella")));   // Factory

static void Show(string what, CacheResult<string> result) => Console.WriteLine($"{what,-30} {result.Source,-8} {result.Value}");
