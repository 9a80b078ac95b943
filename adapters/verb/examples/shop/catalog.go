package main

// cloth is what is sold, by the metre.
type cloth struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	About string `json:"about"`
	Fibre string `json:"fibre"`
	Width int    `json:"width"` // cm
	Price int    `json:"-"`     // cents, when nobody wants it; see market

	weave      weave
	warp, weft []string // colours of threads, which repeat
}

var catalog = []*cloth{
	{ID: "oatmeal", Name: "Oatmeal linen", Fibre: "linen", Width: 140, Price: 2850, weave: plain,
		About: "A plain weave of undyed flax, washed until it is soft. Curtains, aprons, and the shirt of next summer.",
		warp:  []string{"#d8c9ab"}, weft: []string{"#c4b28e"}},
	{ID: "harbour", Name: "Harbour twill", Fibre: "cotton", Width: 150, Price: 2200, weave: twill,
		About: "A tight two-up-two-down twill that takes wind and spray. It is what work jackets were made of.",
		warp:  []string{"#27496d"}, weft: []string{"#8fb0c9"}},
	{ID: "tweed", Name: "Herringbone tweed", Fibre: "wool", Width: 150, Price: 6400, weave: herringbone,
		About: "A twill that changes its mind every four threads. Heavy enough for a coat, calm enough for a chair.",
		warp:  []string{"#4a4238"}, weft: []string{"#cbbfa9"}},
	{ID: "madder", Name: "Madder gingham", Fibre: "cotton", Width: 140, Price: 1950, weave: plain,
		About: "Squares by nothing but the order of threads: four of madder red, four of white, both ways.",
		warp:  []string{"#b3392f", "#b3392f", "#b3392f", "#b3392f", "#f5ede0", "#f5ede0", "#f5ede0", "#f5ede0"},
		weft:  []string{"#c5584c", "#c5584c", "#c5584c", "#c5584c", "#faf5eb", "#faf5eb", "#faf5eb", "#faf5eb"}},
	{ID: "hound", Name: "Houndstooth check", Fibre: "wool", Width: 150, Price: 5900, weave: twill,
		About: "The same four and four as a gingham, woven as a twill, and the squares grow teeth.",
		warp:  []string{"#22262b", "#22262b", "#22262b", "#22262b", "#efe9dd", "#efe9dd", "#efe9dd", "#efe9dd"},
		weft:  []string{"#22262b", "#22262b", "#22262b", "#22262b", "#efe9dd", "#efe9dd", "#efe9dd", "#efe9dd"}},
	{ID: "moss", Name: "Moss satin", Fibre: "silk", Width: 110, Price: 8900, weave: satin,
		About: "Warp floats over seven threads and hides the weft. It has one bright side, and knows which.",
		warp:  []string{"#5f7a4a", "#6b8854"}, weft: []string{"#2f3f25"}},
	{ID: "basket", Name: "Saffron basket", Fibre: "cotton", Width: 145, Price: 2600, weave: basket,
		About: "Two threads over two: open, thick, a little untidy. Cushions that forgive.",
		warp:  []string{"#e0a526"}, weft: []string{"#f0cf7a"}},
	{ID: "dusk", Name: "Dusk stripe", Fibre: "linen", Width: 140, Price: 3300, weave: herringbone,
		About: "Plum, slate and a line of rose, in the warp only. Towels, if you dare to use them.",
		warp:  []string{"#4d3b5e", "#4d3b5e", "#4d3b5e", "#68738a", "#68738a", "#68738a", "#68738a", "#d98c96"},
		weft:  []string{"#9a93a8"}},
}

var clothByID = func() map[string]*cloth {
	m := make(map[string]*cloth)
	for _, c := range catalog {
		m[c.ID] = c
	}
	return m
}()
