/** How the page of a run looks. */
export const style = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6b7e;--line:#d9dfe7;--ground:#fff;--card:#f7f9fb}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#97a3b4;--line:#2d3642;--ground:#12161c;--card:#1a2028}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);margin:0 auto;max-width:1200px;padding:24px}
h1{font-size:26px;margin:0 0 12px}h2{font-size:18px;margin:32px 0 12px}h3{font-size:14px;margin:0 0 8px;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:12px;margin:0}
dl div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:8px 12px}
dt{color:var(--soft);font-size:12px}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:4px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child{text-align:left}thead th{white-space:normal;vertical-align:bottom;color:var(--soft);font-weight:600;cursor:pointer;user-select:none}
tbody th{font-weight:500}thead th[aria-sort]{color:var(--ink)}
thead th[aria-sort=ascending]::after{content:" ↑"}thead th[aria-sort=descending]::after{content:" ↓"}
input[type=search]{font:inherit;padding:6px 10px;border:1px solid var(--line);border-radius:6px;background:var(--card);color:inherit;margin-bottom:12px}
.heads{display:grid;gap:12px}.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px}
.charts{display:flex;flex-wrap:wrap;gap:12px}.chart{min-height:210px}
.u-title{font:600 13px system-ui,sans-serif}.u-legend{font-size:12px}
`;

/** What draws the curves of the page, and sorts its table. \`run\` holds the charts. */
export const script = `
const dark=matchMedia('(prefers-color-scheme: dark)').matches;
const ink=dark?'#97a3b4':'#5d6b7e',line=dark?'#2d3642':'#e6ebf1',colors=['#2f7ed8','#e0693e','#3c9d5d','#8b5cc9'];
function draw(place,charts){
  for(const {title,steps,curves} of charts){
    const box=document.createElement('div');box.className='chart';place.append(box);
    const axis={stroke:ink,grid:{stroke:line,width:1},ticks:{stroke:line,width:1},font:'11px system-ui',size:52};
    const few=steps.length<60;
    new uPlot({title,width:360,height:200,scales:{x:{time:false}},
      axes:[{...axis,size:30,values:(_,all)=>all.map(v=>v>=1e6?v/1e6+'M':v>=1e3?v/1e3+'k':v)},axis],
      series:[{label:'step'},...curves.map(({name,color})=>({label:name,stroke:colors[color%colors.length],width:1.5,spanGaps:true,
        points:{show:few,size:4},value:(_,v)=>v==null?'–':v.toPrecision(4)}))]},
      [steps,...curves.map(({values})=>values)],box);
  }
}
draw(document.querySelector('#overall .charts'),run.overall);
const list=document.querySelector('.heads');
const seen=new IntersectionObserver(entries=>{for(const {isIntersecting,target} of entries)if(isIntersecting){
  seen.unobserve(target);draw(target.querySelector('.charts'),run.heads[target.dataset.at].charts);}},{rootMargin:'400px'});
run.heads.forEach(({name},at)=>{
  const card=document.createElement('div');card.className='card';card.dataset.at=at;
  const title=document.createElement('h3');title.textContent=name;
  const charts=document.createElement('div');charts.className='charts chart';
  card.append(title,charts);list.append(card);seen.observe(card);
});
document.querySelector('input[type=search]').addEventListener('input',event=>{
  const text=event.target.value.toLowerCase();
  for(const card of list.children)card.hidden=!run.heads[card.dataset.at].name.toLowerCase().includes(text);
});
const body=document.querySelector('tbody'),titles=[...document.querySelectorAll('thead th')];
titles.forEach((title,column)=>title.addEventListener('click',()=>{
  const up=title.getAttribute('aria-sort')==='descending';
  for(const other of titles)other.removeAttribute('aria-sort');
  title.setAttribute('aria-sort',up?'ascending':'descending');
  const value=row=>{const cell=row.children[column];if(column===0)return cell.textContent;
    return cell.dataset.value===''?-Infinity:Number(cell.dataset.value)};
  const rows=[...body.children].sort((a,b)=>{const [x,y]=[value(a),value(b)];return x<y?-1:x>y?1:0});
  body.append(...(up?rows:rows.reverse()));
}));
`;
